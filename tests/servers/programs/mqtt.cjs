// aedes, an MQTT broker, at port 1883.
const { Aedes } = require('aedes');
Aedes.createBroker().then((broker) => require('net').createServer(broker.handle).listen(1883));
