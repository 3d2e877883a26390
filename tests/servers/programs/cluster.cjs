// Node's cluster: the parent listens at port 3000, and two workers answer.
const cluster = require('cluster');
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  require('http').createServer((_, answer) => answer.end('ok')).listen(3000);
}
