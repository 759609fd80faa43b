// badrows.mjs - the bad requests: what is sent, and which status and code have to come back.
//
// A row is {name, raw, want} or {name, method, path, headers, body, want}; want is a list of
// [status, code] of which one has to be the answer. A null code asks for the status alone.
import { vectors } from './derive.mjs';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part].flat()))));
const shown = (text) => JSON.stringify(text.length > 48 ? `${text.slice(0, 40)}...` : text) + (text.length > 48 ? ` (${text.length})` : '');

const one = (status, code) => [[status, code]];
const INVALID_JSON = one(400, 'invalid_json');
const BAD_REQUEST = one(400, 'bad_request');
const NOT_FOUND = one(404, 'not_found');

/* Marks the texts that no log may hold. */
export const SECRET_MESSAGE = 'confidential-message-7f3a';
export const SECRET_EMAIL = 'private-address-7f3a@example.com';

const NOT_JSON = {
    empty: '',
    blank: ' \r\n\t',
    'form data': 'email=a%40b.c&userId=alice',
    'open brace': '{',
    'close brace': '}',
    array: '[]',
    'array of an object': '[{"email":"a@b.c","userId":"alice"}]',
    string: '"userId"',
    number: '1',
    null: 'null',
    true: 'true',
    'trailing letter': '{}x',
    'trailing comma after it': '{},',
    'two objects': '{}{}',
    'two objects on two lines': '{}\n{}',
    'trailing close': '{}}',
    'trailing NUL': '{}\0',
    'leading NUL': '\0{}',
    'leading byte order mark': '\ufeff{}',
    'comma before the end': '{"a":1,}',
    'comma alone': '{,}',
    'two commas': '{"a":1,,"b":2}',
    'bare name': '{a:1}',
    'single quotes': "{'a':1}",
    'no colon': '{"a" 1}',
    'two colons': '{"a"::1}',
    'no value': '{"a":}',
    'name alone': '{"a"}',
    'number as name': '{1:2}',
    'null as name': '{null:2}',
    'no comma': '{"a":1 "b":2}',
    semicolon: '{"a":1;"b":2}',
    'comma in an array': '{"a":[1,]}',
    'no comma in an array': '{"a":[1 2]}',
    'array closed as object': '{"a":[1}}',
    'object closed as array': '{"a":{]}',
    'leading zero': '{"a":01}',
    'leading zero, negative': '{"a":-01}',
    'plus sign': '{"a":+1}',
    'no integer part': '{"a":.5}',
    'no fraction': '{"a":1.}',
    'no exponent': '{"a":1e}',
    'sign without exponent': '{"a":1e+}',
    'minus alone': '{"a":-}',
    'hex number': '{"a":0x10}',
    NaN: '{"a":NaN}',
    Infinity: '{"a":Infinity}',
    'negative Infinity': '{"a":-Infinity}',
    'cut literal': '{"a":tru}',
    'capital literal': '{"a":True}',
    'capital null': '{"a":NULL}',
    'longer literal': '{"a":nulll}',
    undefined: '{"a":undefined}',
    'open string': '{"a":"b',
    'open name': '{"a',
    'open escape': '{"a":"\\',
    'quote escaped away': '{"a":"\\"}',
    'escape x': '{"a":"\\x41"}',
    'escape of a quote': '{"a":"\\\'"}',
    'escape 0': '{"a":"\\0"}',
    'three hex digits': '{"a":"\\u123"}',
    'no hex digit': '{"a":"\\u12G4"}',
    'capital U': '{"a":"\\U0041"}',
    'escape with a sign': '{"a":"\\u+041"}',
    'newline in a string': '{"a":"b\nc"}',
    'tab in a string': '{"a":"b\tc"}',
    'control byte in a string': '{"a":"b\x01c"}',
    'raw NUL in a string': '{"a":"b\0c"}',
    'raw NUL in a name': '{"a\0":"b"}',
    'raw NUL between': '{"a"\0:1}',
    'vertical tab between': '{"a":\v1}',
    'no-break space between': '{"a":\u00a01}',
    'comment at the end': '{} // c',
    'comment within': '{/* c */"a":1}',
    'hash comment': '# c\n{}',
    'lone high surrogate': '{"a":"\\ud800"}',
    'lone low surrogate': '{"a":"\\udc00"}',
    'surrogates the wrong way round': '{"a":"\\udc00\\ud800"}',
    'two high surrogates': '{"a":"\\ud800\\ud800"}',
    'high surrogate and a letter': '{"a":"\\ud800x"}',
    'high surrogate and an escape': '{"a":"\\ud800\\u0041"}',
    'high surrogate and half an escape': '{"a":"\\ud83d\\udd1"}',
    'lone surrogate in a name': '{"\\ud800":1}',
    'lone surrogate in capitals': '{"a":"\\uDBFF"}',
    'nesting of arrays': '{"a":' + '['.repeat(40) + ']'.repeat(40) + '}',
    'nesting of objects': '{"a":'.repeat(40) + '1' + '}'.repeat(40),
    'nesting without end': '{"a":' + '['.repeat(60_000),
    'nesting of objects without end': '{"a":'.repeat(13_000),
};

const NOT_UTF8 = {
    'byte ff': [0xff],
    'byte fe': [0xfe],
    'lone continuation': [0x80],
    'overlong NUL': [0xc0, 0x80],
    'overlong slash': [0xc0, 0xaf],
    'overlong letter': [0xc1, 0xa1],
    'overlong of three': [0xe0, 0x80, 0xaf],
    'overlong of four': [0xf0, 0x80, 0x80, 0xaf],
    'cut after one of two': [0xc3],
    'cut after two of three': [0xe2, 0x82],
    'cut after three of four': [0xf0, 0x9f, 0x94],
    'high surrogate encoded': [0xed, 0xa0, 0x80],
    'low surrogate encoded': [0xed, 0xb0, 0x80],
    'surrogate pair encoded': [0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91],
    'above 10ffff': [0xf4, 0x90, 0x80, 0x80],
    'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
    'latin-1': [0xe9],
    'letter for a continuation': [0xc3, 0x41],
};

const DUPLICATES = {
    'a field twice': '{"userId":"a1","email":"dup@example.com","userId":"a2"}',
    'a field twice with the same value': '{"userId":"a1","email":"dup@example.com","userId":"a1"}',
    'a field twice, once escaped': '{"userId":"a1","email":"dup@example.com","user\\u0049d":"a2"}',
    'a field twice, fully escaped': '{"email":"dup@example.com","\\u0065\\u006d\\u0061\\u0069\\u006c":"x@example.com","userId":"a1"}',
    'an unknown field twice': '{"x":1,"email":"dup@example.com","userId":"a1","x":2}',
    'a field in a nested object twice': '{"email":"dup@example.com","userId":"a1","x":{"y":1,"y":1}}',
    'a field in an object in an array twice': '{"email":"dup@example.com","userId":"a1","x":[0,{"y":1,"y":1}]}',
    'the empty name twice': '{"email":"dup@example.com","userId":"a1","":1,"":2}',
    'a name with an escaped slash': '{"email":"dup@example.com","userId":"a1","a/b":1,"a\\/b":2}',
    'a name beyond ASCII': '{"email":"dup@example.com","userId":"a1","é":1,"\\u00e9":2}',
    'a name beyond the BMP': '{"email":"dup@example.com","userId":"a1","🔑":1,"\\ud83d\\udd11":2}',
    'null twice': '{"email":"dup@example.com","userId":"a1","x":null,"x":null}',
};

const USER_IDS = ['', ' ', 'a b', ' a', 'a ', 'a/b', '/', '..', '.', '../../etc/passwd', '.hidden', '-dash', '_under', 'a\u0000', '\u0000',
    'a\u0000b', 'a\nb', 'a\n', 'a\r', 'a\t', 'a:b', 'a@b', 'a%b', '%61', 'a\\b', 'a"b', "a'b", 'a;b', 'a*', 'a+b', 'a,b', 'a~', 'é',
    'а', 'ａ', 'a\u200b', '🔑', 'a\u0301', 'x'.repeat(65), 'x'.repeat(40_000)];

const EMAILS = ['', ' ', 'a', '@', 'a@', '@b', 'ab', 'a\u0000@b', 'a@b\u0000', 'a@b\u0000.example.com', 'a@b\n', 'a\r\n@b', 'a b@c',
    'a@b c', ' a@b.c', 'a@b.c ', 'a\t@b', `${'l'.repeat(64)}@${'d'.repeat(190)}`, 'l'.repeat(300) + '@b', 'a@' + 'd'.repeat(30_000)];

const NOT_STRINGS = { number: '1', fraction: '1.5', 'huge number': '1' + '0'.repeat(400), 'huge exponent': '1e999999', 'negative zero': '-0',
    true: 'true', false: 'false', array: '["x"]', object: '{"a":"x"}', 'empty array': '[]', 'empty object': '{}' };

const TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', 'application/jsonx',
    'application/json-patch+json', 'application/xml', 'application/octet-stream', 'json', '*/*', 'application/ json', ''];

/* Every field that takes text, with a request that is right but for it. */
function fields(user) {
    const verify = { message: 'test', signature: user.signature, address: user.address };
    return [
        ['POST', '/api/signup', 'email', { userId: 'badrow' }, null],
        ['POST', '/api/signup', 'userId', { email: 'badrow@example.com' }, null],
        ['POST', `/api/users/${user.userId}/sign`, 'message', {}, user.token],
        ['POST', `/api/users/${user.userId}/sign`, 'messageHex', {}, user.token, 'optional'],
        ['POST', `/api/users/${user.userId}/sign`, 'scheme', { message: 'm' }, user.token, 'optional'],
        ['POST', '/api/verify', 'message', { ...verify, message: undefined }, null],
        ['POST', '/api/verify', 'messageHex', { ...verify, message: undefined }, null, 'optional'],
        ['POST', '/api/verify', 'signature', { ...verify, signature: undefined }, null],
        ['POST', '/api/verify', 'address', { ...verify, address: undefined }, null],
        ['POST', '/api/verify', 'pubKeyHex', { ...verify, address: undefined }, null],
        ['POST', '/api/verify', 'scheme', verify, null, 'optional'],
        ['POST', '/api/session', 'token', {}, null],
    ];
}

export function badRows({ user, other, adminToken }) {
    const rows = [];
    const add = (name, method, path, headers, body, want) => rows.push({ name, method, path, headers, body, want });
    const post = (name, path, body, want, headers = {}) =>
        add(name, 'POST', path, { ...JSON_TYPE, ...headers },
            Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), want);
    const get = (name, path, want, headers = {}) => add(name, 'GET', path, headers, undefined, want);
    const mine = { Authorization: `Bearer ${user.token}` };
    const admin = { Authorization: `Bearer ${adminToken}` };
    const signPath = `/api/users/${user.userId}/sign`;
    const { public_keys, signatures, eip55_invalid } = vectors('ethereum.json');
    const good = signatures.find(({ name }) => name === 'good');
    const verify = { message: 'test', signature: '0x' + good.signature, address: good.address };

    for (const [name, body] of Object.entries(NOT_JSON)) post(`signup, JSON: ${name}`, '/api/signup', body, INVALID_JSON);
    for (const name of ['empty', 'array', 'trailing letter', 'lone high surrogate', 'nesting of arrays', 'raw NUL in a string', 'leading byte order mark']) {
        post(`sign, JSON: ${name}`, signPath, NOT_JSON[name], INVALID_JSON, mine);
        post(`verify, JSON: ${name}`, '/api/verify', NOT_JSON[name], INVALID_JSON);
        post(`session, JSON: ${name}`, '/api/session', NOT_JSON[name], INVALID_JSON);
    }
    for (const encoding of ['utf16le']) post('signup in UTF-16', '/api/signup', Buffer.from('{"email":"a@b","userId":"a"}', encoding), INVALID_JSON);
    for (const [name, wrong] of Object.entries(NOT_UTF8)) {
        post(`signup, UTF-8: ${name} in a value`, '/api/signup', bytes('{"email":"a@b.c","userId":"a', wrong, '"}'), INVALID_JSON);
        post(`sign, UTF-8: ${name} in the message`, signPath, bytes('{"message":"', wrong, '"}'), INVALID_JSON, mine);
    }
    for (const name of ['byte ff', 'overlong NUL', 'cut after one of two', 'high surrogate encoded'])
        post(`verify, UTF-8: ${name} in a name`, '/api/verify', bytes('{"', NOT_UTF8[name], '":1}'), INVALID_JSON);
    post('signup, UTF-8 cut at the very end', '/api/signup', bytes('{"email":"a@b.c","userId":"a"}', [0xe2, 0x82]), INVALID_JSON);

    for (const [name, body] of Object.entries(DUPLICATES)) post(`signup: ${name}`, '/api/signup', body, one(400, 'duplicate_field'));
    post('sign: the message twice', signPath, `{"message":"a","message":"${SECRET_MESSAGE}"}`, one(400, 'duplicate_field'), mine);
    post('verify: the address twice', '/api/verify', `{"address":"0x","message":"a","address":"0x","signature":"0x"}`, one(400, 'duplicate_field'));
    post('session: the token twice', '/api/session', '{"token":"a","token":"b"}', one(400, 'duplicate_field'));

    for (const [method, path, field, rest, token, optional] of fields(user)) {
        const headers = { ...JSON_TYPE, ...(token && { Authorization: `Bearer ${token}` }) };
        const send = (name, value, want) => {
            const others = JSON.stringify(rest).slice(1, -1);
            const body = `{${[others, value === undefined ? '' : `"${field}":${value}`].filter(Boolean).join(',')}}`;
            add(`${path.replace(/.*\//, '')}, ${field}: ${name}`, method, path, headers, Buffer.from(body), want);
            rows.at(-1).field = field;
        };
        for (const [name, value] of Object.entries(NOT_STRINGS)) send(name, value, one(400, 'wrong_type'));
        if (!optional) {
            send('missing', undefined, one(400, 'missing_field'));
            send('null', 'null', one(400, 'missing_field'));
            /* The message has two names and the key too: naming either is right. */
            if (['message', 'address', 'pubKeyHex'].includes(field)) rows.slice(-2).forEach((row) => delete row.field);
        }
    }
    post('signup: everything missing', '/api/signup', {}, one(400, 'missing_field'));
    post('verify: everything missing', '/api/verify', {}, one(400, 'missing_field'));
    post('signup: a name that goes on after NUL', '/api/signup', '{"email":"nul@example.com","userId\\u0000":"nul"}', one(400, 'invalid_json'));
    post('signup: a field, and its name going on after NUL', '/api/signup', '{"email":"x@example.com","userId":"-","userId\\u0000":"nul2"}', one(400, 'invalid_json'));
    post('sign: a message whose name goes on after NUL', signPath, '{"message\\u0000":"m"}', one(400, 'invalid_json'), mine);
    post('session: a token whose name goes on after NUL', '/api/session', `{"token\\u0000":"${user.token}"}`, one(400, 'invalid_json'));
    post('signup: a name in another case', '/api/signup', '{"email":"case@example.com","userid":"case"}', one(400, 'missing_field'));
    post('signup: a name with a blank', '/api/signup', '{"email":"case@example.com","userId ":"case"}', one(400, 'missing_field'));
    post('signup: a number that no machine holds', '/api/signup', '{"email":"n@example.com","userId":' + '9'.repeat(60_000) + '}', one(400, 'wrong_type'));

    for (const userId of USER_IDS)
        post(`signup: user id ${shown(userId)}`, '/api/signup', { email: 'badid@example.com', userId }, one(400, 'invalid_user_id'));
    for (const email of EMAILS)
        post(`signup: email ${shown(email)}`, '/api/signup', { email, userId: 'bademail' }, one(400, 'invalid_email'));
    post('signup: SQL in the user id', '/api/signup', { email: 'sql@example.com', userId: "a'); DROP TABLE users;--" }, one(400, 'invalid_user_id'));
    post('signup: a taken user id', '/api/signup', { email: SECRET_EMAIL, userId: user.userId }, one(409, 'user_exists'));
    post('signup: a taken email', '/api/signup', { email: user.email.toUpperCase(), userId: 'taken' }, one(409, 'email_exists'));

    for (const [name, query] of Object.entries({ empty: '', NUL: 'a%00', 'NUL alone': '%00', slash: 'a%2fb', dots: '..', blank: 'a+b', 'invalid UTF-8': '%ff%fe',
        letters: '%c3%a9', long: 'x'.repeat(65), 'very long': 'x'.repeat(3000), newline: 'a%0ab', 'half an escape': 'a%', 'no escape': '%zz' }))
        get(`keys of me, user id: ${name}`, `/api/users/me/keys?userId=${query}`, [[400, 'invalid_user_id'], [400, 'invalid_parameter']]);
    for (const [name, id] of Object.entries({ dash: '-a', hidden: '.a', blank: 'a%20b', letters: '%c3%a9', 'invalid UTF-8': '%ff', long: 'x'.repeat(65),
        'very long': 'x'.repeat(3000), quote: "a'b", colon: 'a:b', percent: 'a%25b', newline: 'a%0ab', backslash: 'a%5cb', plus: 'a+b' })) {
        get(`keys, user id: ${name}`, `/api/users/${id}/keys`, one(400, 'invalid_user_id'));
        post(`sign, user id: ${name}`, `/api/users/${id}/sign`, { message: 'm' }, one(400, 'invalid_user_id'), mine);
    }

    const wandering = {
        'a slash spelled out': '/api/users/a%2fb/keys',
        'dots spelled out': '/api/users/%2e%2e/keys',
        'dots spelled out, double': '/api/users/%252e%252e/keys',
        dots: '/api/users/../keys',
        'two slashes': '/api/users//keys',
        'three slashes': '/api///users///x///y',
        'a slash at the end': '/api/users/nobody/keys/',
        'slash at the end of signup': '/api/signup/',
        'dots into the file system': '/api/../../../../etc/passwd',
        'dots into the file system, spelled out': '/%2e%2e/%2e%2e/etc/passwd',
        'dots after a file': '/index.html/../../etc/passwd',
        backslashes: '/api\\signup',
        'semicolon parameters': '/api/signup;x=1',
        'another case': '/API/SIGNUP',
        'dot at the end': '/api/signup.',
        'a program by its name': '/cgi-bin/signup',
        'a socket': '/run/signup.sock',
        'a hidden file': '/.git/config',
    };
    for (const [name, path] of Object.entries(wandering))
        get(`path: ${name}`, path, path.startsWith('/api/') && !path.includes('../..')
            ? [[400, 'invalid_user_id'], [400, 'bad_request'], [404, 'not_found']]
            : [[400, 'bad_request'], [404, null]]);
    get('path: NUL', '/api/users/a%00/keys', [...BAD_REQUEST, ...one(400, 'invalid_user_id')]);
    get('path: NUL alone', '/%00', BAD_REQUEST);
    get('path: half an escape', '/api/users/a%4/keys', BAD_REQUEST);
    get('path: no escape', '/api/users/%zz/keys', BAD_REQUEST);
    get('path: above the root', '/..', BAD_REQUEST);
    get('path: longer than any buffer', '/api/users/' + 'x'.repeat(60_000) + '/keys', [...BAD_REQUEST, [414, 'uri_too_long']]);
    get('query longer than any buffer', '/api/users/me/keys?userId=' + 'x'.repeat(60_000), [...BAD_REQUEST, [414, 'uri_too_long']]);

    for (const [path, methods] of Object.entries({
        '/api/signup': ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'FOO'],
        '/api/users/me/keys': ['POST', 'DELETE'],
        [`/api/users/${user.userId}/keys`]: ['POST', 'PUT', 'DELETE'],
        [signPath]: ['GET', 'PUT', 'DELETE'],
        '/api/verify': ['GET', 'PUT', 'DELETE'],
        '/api/session': ['PUT', 'PATCH'],
        '/api/admin/users': ['POST', 'DELETE'],
        '/api/health': ['POST', 'DELETE'],
        '/api/health/live': ['POST'],
        '/metrics': ['POST', 'DELETE'],
    }))
        for (const method of methods)
            add(`${method} ${path}`, method, path, { ...JSON_TYPE, ...admin }, Buffer.from('{}'), one(405, 'method_not_allowed'));
    add('TRACE', 'TRACE', '/api/health', {}, undefined, one(405, 'method_not_allowed'));

    for (const type of TYPES) {
        add(`signup, type ${shown(type)}`, 'POST', '/api/signup', { 'Content-Type': type }, Buffer.from('{"email":"t@example.com","userId":"t"}'), one(415, 'unsupported_media_type'));
        if (type) add(`verify, type ${shown(type)}`, 'POST', '/api/verify', { 'Content-Type': type }, Buffer.from(JSON.stringify(verify)), one(415, 'unsupported_media_type'));
    }
    add('signup without a type', 'POST', '/api/signup', {}, Buffer.from('{"email":"t@example.com","userId":"t"}'), one(415, 'unsupported_media_type'));
    add('sign without a type', 'POST', signPath, mine, Buffer.from('{"message":"m"}'), one(415, 'unsupported_media_type'));
    add('session without a type', 'POST', '/api/session', {}, Buffer.from(JSON.stringify({ token: user.token })), one(415, 'unsupported_media_type'));

    const big = (size) => Buffer.from('{"message":"m"}'.padEnd(size));
    for (const size of [65_537, 100_000, 1_000_000])
        for (const path of ['/api/signup', signPath, '/api/verify', '/api/session'])
            post(`${path}: a body of ${size} bytes`, path, big(size), one(413, 'body_too_large'), mine);
    const chunk = (size) => Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), big(size), Buffer.from('\r\n0\r\n\r\n')]);
    post('signup: a chunked body of 65537 bytes', '/api/signup', chunk(65_537), one(413, 'body_too_large'), { 'Transfer-Encoding': 'chunked' });
    post('signup: a chunked body in many chunks', '/api/signup', Buffer.from('400\r\n' + ' '.repeat(1024) + '\r\n', 'latin1').toString('latin1').repeat(70) + '0\r\n\r\n',
        one(413, 'body_too_large'), { 'Transfer-Encoding': 'chunked' });
    post('signup: a body announced as huge', '/api/signup', '{', one(413, 'body_too_large'), { 'Content-Length': '99999999999' });
    post('signup: chunked and not JSON', '/api/signup', '3\r\n{}x\r\n0\r\n\r\n', INVALID_JSON, { 'Transfer-Encoding': 'chunked' });
    post('signup: chunked and empty', '/api/signup', '0\r\n\r\n', INVALID_JSON, { 'Transfer-Encoding': 'chunked' });
    for (const [name, body] of Object.entries({ 'no size': 'ZZ\r\n{}\r\n0\r\n\r\n', 'negative size': '-2\r\n{}\r\n0\r\n\r\n', 'size that wraps': 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n' }))
        post(`signup: chunked, ${name}`, '/api/signup', body, [...BAD_REQUEST, ...one(413, 'body_too_large')], { 'Transfer-Encoding': 'chunked' });
    post('sign: a message over 48 KiB', signPath, { message: 'm'.repeat(49_153) }, one(413, 'message_too_large'), mine);
    post('sign: a message over 48 KiB of letters of three bytes', signPath, { message: '€'.repeat(16_385) }, one(413, 'message_too_large'), mine);
    post('verify: a message over 48 KiB', '/api/verify', { ...verify, message: 'm'.repeat(49_153) }, one(413, 'message_too_large'));

    for (const [name, messageHex] of Object.entries({ 'odd digits': '0x123', 'no digits': '0xzz', 'blank within': '0x12 34', 'prefix twice': '0x0x12', 'NUL at the end': '0x12\u0000',
        'letters beyond ASCII': '0x１２', 'text': 'hello', 'sign': '-0x12', 'newline at the end': '0x12\n', 'x alone': 'x12' })) {
        post(`sign, messageHex: ${name}`, signPath, { messageHex }, one(400, 'invalid_hex'), mine);
        post(`verify, messageHex: ${name}`, '/api/verify', { ...verify, message: undefined, messageHex }, one(400, 'invalid_hex'));
    }
    post('sign: message and messageHex', signPath, { message: 'a', messageHex: '0x61' }, one(400, 'conflicting_fields'), mine);
    post('verify: message and messageHex', '/api/verify', { ...verify, messageHex: '0x74657374' }, one(400, 'conflicting_fields'));
    for (const scheme of ['', 'RAW', 'raw ', 'raw\u0000', 'eip191x', 'secp256k1', 'rawraw', '../raw']) {
        post(`sign, scheme ${shown(scheme)}`, signPath, { message: 'm', scheme }, one(400, 'unsupported_scheme'), mine);
        post(`verify, scheme ${shown(scheme)}`, '/api/verify', { ...verify, scheme }, one(400, 'unsupported_scheme'));
    }

    for (const row of public_keys.filter(({ valid }) => !valid))
        post(`verify, key: ${row.name}`, '/api/verify', { ...verify, address: undefined, pubKeyHex: '0x' + row.public_key }, one(400, 'invalid_public_key'));
    for (const [name, pubKeyHex] of Object.entries({ 'no hex': '0x' + 'zz'.repeat(33), 'odd digits': '0x' + good.public_key + '0', 'blank before': ' 0x' + good.public_key,
        'newline after': '0x' + good.public_key + '\n', 'NUL after': '0x' + good.public_key + '\u0000', 'prefix alone': '0x', 'prefix twice': '0x0x' + good.public_key, long: '0x' + '02'.repeat(20_000) }))
        post(`verify, key: ${name}`, '/api/verify', { ...verify, address: undefined, pubKeyHex }, one(400, 'invalid_public_key'));
    post('verify: a bad key beside a good address', '/api/verify', { ...verify, pubKeyHex: '0x02' }, one(400, 'invalid_public_key'));

    const malformed = ['r = 0', 's = 0', 'r = n', 's = n', 'r = n + 1', 'r all ff', 'both zero', '63 bytes', '66 bytes', 'empty', 'v = 4', 'v = 26', 'v = 29', 'v = 255', 'v = 2'];
    const key = { address: undefined, pubKeyHex: '0x' + good.public_key };
    for (const name of malformed) {
        const { signature } = signatures.find((row) => row.name === name);
        post(`verify by address, signature: ${name}`, '/api/verify', { ...verify, signature: '0x' + signature }, one(400, 'invalid_signature'));
        post(`verify by key, signature: ${name}`, '/api/verify', { ...verify, ...key, signature: '0x' + signature }, one(400, 'invalid_signature'));
    }
    const rs = good.signature.slice(0, 128);
    for (const [name, signature] of Object.entries({ 'empty text': '', 'no hex': '0x' + 'zz'.repeat(65), 'odd digits': '0x' + good.signature + '0', 'blank before': ' 0x' + good.signature,
        'newline after': '0x' + good.signature + '\n', 'NUL after': '0x' + good.signature + '\u0000', 'v = 3': '0x' + rs + '03', 'v = 30': '0x' + rs + '1e', 'v = 37 (EIP-155)': '0x' + rs + '25',
        'DER': '0x3045022100' + rs, '32 bytes': '0x' + rs.slice(64), 'one byte': '0x00', long: '0x' + '01'.repeat(20_000), 's = n + 1': '0x' + rs.slice(0, 64) + 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd03641421b',
        's all ff, 64 bytes': '0x' + rs.slice(0, 64) + 'ff'.repeat(32) }))
        post(`verify, signature: ${name}`, '/api/verify', { ...verify, signature }, one(400, 'invalid_signature'));

    for (const address of [...eip55_invalid, '', '0x', '0x0', '0x' + '0'.repeat(39), '0x' + '0'.repeat(41), '0x' + 'g'.repeat(40), good.address.slice(2).toLowerCase(),
        '0x' + good.address.slice(2, 40).toLowerCase() + 'zz', good.address.toLowerCase() + '\u0000', ' ' + good.address, good.address + ' ', good.address + '\n', 'vitalik.eth', '0x' + '00'.repeat(32)])
        post(`verify, address ${shown(address)}`, '/api/verify', { ...verify, address }, one(400, 'invalid_address'));
    post('verify: an address and a key of two people', '/api/verify', { ...verify, address: user.address, pubKeyHex: '0x' + good.public_key }, one(400, 'conflicting_fields'));

    for (const [name, headers, want] of [
        ['no token', {}, one(401, 'unauthorized')],
        ['an empty token', { Authorization: 'Bearer ' }, one(401, 'unauthorized')],
        ['no scheme', { Authorization: user.token }, one(401, 'unauthorized')],
        ['Basic', { Authorization: `Basic ${user.token}` }, one(401, 'unauthorized')],
        ['a token cut short', { Authorization: `Bearer ${user.token.slice(1)}` }, one(401, 'unauthorized')],
        ['a token and more', { Authorization: `Bearer ${user.token} ${user.token}` }, one(401, 'unauthorized')],
        ['a token of 4000 digits', { Authorization: `Bearer ${'a'.repeat(4000)}` }, one(401, 'unauthorized')],
        ['a token of bytes', { Authorization: `Bearer ${'\xff'.repeat(64)}` }, one(401, 'unauthorized')],
        ['SQL as token', { Authorization: "Bearer ' OR '1'='1" }, one(401, 'unauthorized')],
        ["another's token", { Authorization: `Bearer ${other.token}` }, one(403, 'forbidden')],
        ['a cookie without Origin', { Cookie: `devproof_session=${user.cookie}` }, one(403, 'cross_origin')],
        ['a cookie from another site', { Cookie: `devproof_session=${user.cookie}`, Origin: 'https://evil.example' }, one(403, 'cross_origin')],
        ['a cookie from nowhere', { Cookie: `devproof_session=${user.cookie}`, Origin: 'null' }, one(403, 'cross_origin')],
    ]) {
        post(`sign with ${name}`, signPath, { message: SECRET_MESSAGE }, want, headers);
    }
    for (const query of ['limit=0', 'limit=-5', 'limit=10001', 'limit=ten', 'limit=0x10', 'limit=1%00', 'limit=18446744073709551617', 'limit=%2B5', 'cursor=%00', 'cursor=zz%20zz'])
        get(`admin with ${query}`, `/api/admin/users?${query}`, one(400, 'invalid_parameter'), admin);
    get('admin without a token', '/api/admin/users', one(401, 'unauthorized'));
    get("admin with a user's token", '/api/admin/users', one(403, 'forbidden'), mine);
    post('session with a token that nobody has', '/api/session', { token: 'f'.repeat(64) }, one(401, 'unauthorized'));
    post('session with an empty token', '/api/session', { token: '' }, one(401, 'unauthorized'));
    post('session with a token and NUL', '/api/session', { token: user.token + '\u0000' }, one(401, 'unauthorized'));

    const raw = (name, text, want) => rows.push({ name: `wire: ${name}`, raw: Buffer.from(text, 'latin1'), want });
    const end = 'Connection: close\r\n\r\n';
    const host = 'Host: 127.0.0.1\r\n';
    raw('no Host', `GET /api/health HTTP/1.1\r\n${end}`, BAD_REQUEST);
    raw('an empty request target', `GET  HTTP/1.1\r\n${host}${end}`, BAD_REQUEST);
    raw('a method in lower case', `get /api/health HTTP/1.1\r\n${host}${end}`, BAD_REQUEST);
    raw('a blank in the path', `GET /api/he alth HTTP/1.1\r\n${host}${end}`, BAD_REQUEST);
    raw('a control byte in the path', `GET /api/\x01health HTTP/1.1\r\n${host}${end}`, [...BAD_REQUEST, ...NOT_FOUND]);
    raw('NUL in the path', `GET /api/\0health HTTP/1.1\r\n${host}${end}`, BAD_REQUEST);
    raw('no version', `GET /api/health XTTP/1.1\r\n${host}${end}`, BAD_REQUEST);
    raw('version 9', `GET /api/health HTTP/9.9\r\n${host}${end}`, BAD_REQUEST);
    raw('two lengths', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n${end}{}x`, BAD_REQUEST);
    raw('a negative length', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: -2\r\n${end}{}`, BAD_REQUEST);
    raw('a length that is no number', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2x\r\n${end}{}`, BAD_REQUEST);
    raw('length and chunks', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n`, BAD_REQUEST);
    raw('an unknown transfer encoding', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: xchunked\r\n${end}0\r\n\r\n`, BAD_REQUEST);
    raw('a length shorter than the body', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 5\r\n${end}{"email":"cut@example.com","userId":"cut"}`, INVALID_JSON);
    raw('no length at all', `POST /api/signup HTTP/1.1\r\n${host}Content-Type: application/json\r\n${end}{"email":"cut@example.com","userId":"cut"}`,
        [...INVALID_JSON, [411, 'bad_request']]);
    raw('a header line of 40 KB', `GET /api/health HTTP/1.1\r\n${host}X-Long: ${'x'.repeat(40_000)}\r\n${end}`, BAD_REQUEST);
    raw('two thousand header lines', `GET /api/health HTTP/1.1\r\n${host}${'X-Many: 12345678901234567890\r\n'.repeat(2000)}${end}`, BAD_REQUEST);
    raw('a cookie of 40 KB', `GET /api/session HTTP/1.1\r\n${host}Cookie: devproof_session=${'x'.repeat(40_000)}\r\n${end}`, BAD_REQUEST);
    raw('NUL in a header', `GET /api/health HTTP/1.1\r\n${host}X-Nul: a\0b\r\n${end}`, BAD_REQUEST);
    raw('a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', BAD_REQUEST);
    raw('a bad Host', `GET /api/health HTTP/1.1\r\nHost: a b/c\r\n${end}`, BAD_REQUEST);
    raw('two Hosts', `GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`, BAD_REQUEST);
    return rows;
}
