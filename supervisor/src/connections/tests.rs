mod parts;
mod sockets;
