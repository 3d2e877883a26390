// ws, at port 8080.
const { WebSocketServer } = require('ws');
new WebSocketServer({ port: 8080 });
