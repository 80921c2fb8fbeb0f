// An Express app with one page, as it stands behind nginx.
const express = require('express');

const app = express();
const port = process.env.PORT || 8080;

app.get('/health', (request, response) => response.json({ status: 'ok', pid: process.pid }));

app.listen(port, () => console.log(`Express listens on ${port}`));
