// kafka_rules.mjs - is this what Kafka takes as the settings of a KRaft node?
//
// Names, types and valid values: "Broker Configs" of Kafka's documentation,
// https://kafka.apache.org/42/generated/kafka_config.html. Rules between them: validateValues() of
// core/src/main/scala/kafka/server/KafkaConfig.scala and parseVoterConnections() of
// raft/src/main/java/org/apache/kafka/raft/QuorumConfig.java in https://github.com/apache/kafka, of 3.8
// and 3.9, the stricter where they differ (3.9 lets a node of both roles advertise for controllers).
// File format: java.util.Properties.load().

const INT = (low) => (text) => /^\d{1,10}$/.test(text) && Number(text) >= low && Number(text) <= 2147483647;
const LIST = (item) => (text) => text.split(',').every((one) => item.test(one.trim()));
const HOST = String.raw`(?:\[[0-9a-fA-F:]+\]|[0-9a-zA-Z\-._]+)`;
const LISTENER = new RegExp(`^([A-Z][A-Z0-9_]*)://(${HOST}):(\\d{1,5})$`);
const VOTER = new RegExp(`^(\\d{1,10})@(${HOST}):(\\d{1,5})$`);
const PROTOCOL = /^[A-Z][A-Z0-9_]*:(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$/;

/* Those that the hook or the tests' base file uses; any other name is an error. */
const KNOWN = {
    'process.roles': LIST(/^(broker|controller)$/),
    'node.id': INT(0),
    'controller.quorum.voters': LIST(VOTER),
    'controller.listener.names': LIST(/^[A-Z][A-Z0-9_]*$/),
    listeners: LIST(LISTENER),
    'advertised.listeners': LIST(LISTENER),
    'inter.broker.listener.name': (text) => /^[A-Z][A-Z0-9_]*$/.test(text),
    'listener.security.protocol.map': LIST(PROTOCOL),
    'log.dirs': LIST(/^\/\S+$/),
    'num.partitions': INT(1),
    'default.replication.factor': INT(1),
    'min.insync.replicas': INT(1),
    'offsets.topic.replication.factor': INT(1),
};

/* {name: value} as Java reads it; the last of two counts. Escapes are not in what we write. */
export function parse(text) {
    const found = {};
    for (const line of text.replace(/\\\n[ \t]*/g, '').split('\n')) {
        if (/^\s*([#!].*)?$/.test(line)) continue;
        const [, name, value] = /^\s*([^\s=:]+)\s*[=:]?\s*(.*)$/.exec(line);
        found[name] = value;
    }
    return found;
}

/* What Kafka would say against a file; an empty array if nothing. */
export function complaints(text) {
    const set = parse(text);
    const wrong = Object.entries(set).filter(([name, value]) => !KNOWN[name]?.(value)).map(([name]) => `${name} is unknown or has a bad value`);
    const missing = ['process.roles', 'node.id', 'controller.quorum.voters', 'controller.listener.names', 'listeners', 'log.dirs'].filter((name) => !(name in set));
    wrong.push(...missing.map((name) => `${name} is missing`));
    if (wrong.length) return wrong;

    const say = (holds, sentence) => holds || wrong.push(sentence);
    const list = (name) => (set[name] ?? '').split(',').filter(Boolean);
    const endpoints = (name) => list(name).map((one) => LISTENER.exec(one)).map(([, listener, host, port]) => ({ listener, host, port: Number(port) }));
    const unique = (values) => new Set(values).size === values.length;
    const roles = list('process.roles');
    const voters = list('controller.quorum.voters').map((one) => VOTER.exec(one)).map(([, id, host, port]) => ({ id: Number(id), host, port: Number(port) }));
    const listeners = endpoints('listeners');
    const advertised = 'advertised.listeners' in set ? endpoints('advertised.listeners') : listeners;
    const controllers = list('controller.listener.names');
    const protocols = list('listener.security.protocol.map').map((one) => one.split(':')[0]);
    const names = listeners.map(({ listener }) => listener);
    const own = voters.find(({ id }) => id === Number(set['node.id']));

    say(unique(roles), 'process.roles names a role twice');
    say(unique(voters.map(({ id }) => id)), 'controller.quorum.voters has an id twice');
    say(unique(names), 'listeners has a name twice');
    say(unique(listeners.map(({ host, port }) => `${host} ${port}`)), 'listeners has a port twice');
    say([...voters, ...listeners, ...advertised].every(({ port }) => port > 0 && port < 65536), 'a port is out of range');
    say(voters.every(({ host }) => host !== '0.0.0.0'), 'a voter is at 0.0.0.0');
    say(advertised.every(({ host }) => host !== '0.0.0.0'), 'advertised.listeners has 0.0.0.0');
    say([...names, ...controllers].every((name) => protocols.includes(name)), 'a listener is not in listener.security.protocol.map');
    if (roles.includes('controller')) {
        say(own, 'a controller is not among the voters');
        say(controllers.every((name) => names.includes(name)), 'a controller has no listener for controllers');
        say(listeners.some(({ listener, port }) => listener === controllers[0] && port === own?.port), 'the voters have another port than the controller');
    } else {
        say(!own, 'a mere broker is among the voters');
        say(!controllers.some((name) => names.includes(name)), 'a mere broker listens for controllers');
    }
    if (roles.includes('broker')) {
        say(advertised.every(({ listener }) => names.includes(listener)), 'advertised.listeners has a name that listeners has not');
        say(!advertised.some(({ listener }) => controllers.includes(listener)), 'a broker advertises a listener of controllers');
        say(advertised.some(({ listener }) => listener === (set['inter.broker.listener.name'] ?? 'PLAINTEXT')), 'inter.broker.listener.name is not advertised');
    }
    return wrong;
}
