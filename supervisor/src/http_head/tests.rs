mod answers;
mod properties;
mod requests;
