// The API for programmers: shows /openapi.json, with examples that run in a shell as they stand.
import { call } from './api.js';
import { session } from './session.js';
import { $, copyButton, el, showFault } from './ui.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const TYPES = { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false', object: 'object', null: 'null' };
const EXAMPLE_USER = 'alice';

let api;
let user = EXAMPLE_USER; // whose wallet the examples use

function resolve(node) {
  if (!node?.$ref) return node;
  const { $ref, ...more } = node;
  return { ...$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/')], api), ...more };
}

// Text with `code` in it.
function prose(text) {
  return text.split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part));
}

function paragraph(text) {
  return el('p', { class: 'measure' }, ...prose(text));
}

function sample(title, name, text) {
  return el('div', { class: 'sample' },
    el('div', { class: 'title-row' }, el('p', {}, title), copyButton(name, text)),
    el('pre', { tabindex: '0', 'aria-label': name }, text));
}

// --- schemas ---

function typeOf(schema) {
  if (schema.const !== undefined) return `always ${JSON.stringify(schema.const)}`;
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' or ');
  if (schema.oneOf && !schema.properties) return schema.oneOf.map((one) => typeOf(resolve(one))).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(resolve(schema.items)) : 'anything'}`;
  return [schema.type ?? []].flat().map((type) => TYPES[type]).join(' or ') || 'anything';
}

function member(name, schema, optional) {
  const words = el('span', { class: 'hint' }, ` ${typeOf(schema)}${optional ? ', may be missing' : ''}. `, ...prose(schema.description ?? ''));
  return el('li', {}, el('code', {}, name), words, ...members(schema));
}

// The members of an object, of a list's items, or of each that it may be.
function members(schema) {
  if (schema.type === 'array' && schema.items) return members(resolve(schema.items));
  if (schema.properties) {
    const required = schema.required ?? [];
    return [el('ul', { class: 'members' }, ...Object.entries(schema.properties).map(([name, one]) =>
      member(name, resolve(one), !required.includes(name))))];
  }
  const either = (schema.oneOf ?? []).map((one) => members(resolve(one))).filter((one) => one.length > 0);
  return either.flatMap((one, i) => (i > 0 ? [el('p', {}, 'or'), ...one] : one));
}

// --- examples ---

function quote(text) {
  return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}

function parametersOf(item, operation) {
  return [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
}

function urlOf(path, parameters) {
  const query = [];
  for (const { name, in: place, example } of parameters) {
    const text = example === EXAMPLE_USER ? user : example;
    if (place === 'path') path = path.replace(`{${name}}`, text ?? `$${name.toUpperCase()}`);
    else if (text !== undefined) query.push(`${name}=${encodeURIComponent(text)}`);
  }
  return `${location.origin}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

function tokenOf(operation) {
  return ['Admin', 'Operations'].includes(operation.tags[0]) ? '$ADMIN_TOKEN' : '$TOKEN';
}

function curl(method, path, operation, parameters, body) {
  const words = [`curl -sS${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "${urlOf(path, parameters)}"`];
  if (operation.security.length > 0) words.push(`-H "Authorization: Bearer ${tokenOf(operation)}"`);
  if (body !== undefined) {
    words.push('-H \'Content-Type: application/json\'');
    // The one secret that an example sends: whoever pastes it has their own.
    words.push(`-d ${quote(JSON.stringify(body)).replace(/"token":"[^"]*"/, '"token":"\'"$TOKEN"\'"')}`);
  }
  return words.join(' \\\n  ');
}

function callsOf(method, path, operation, parameters) {
  const examples = Object.values(operation.requestBody?.content['application/json'].examples ?? { '': { summary: 'As a command' } });
  return examples.map(({ summary, value }) => sample(summary, `command: ${summary}`, curl(method, path, operation, parameters, value)));
}

// --- routes ---

function whoMay({ security }, admin) {
  if (security.length === 0) return 'Anyone.';
  if (security.some((one) => Object.keys(one).length === 0)) return 'Anyone. A token or a session cookie says who you are.';
  return `${admin ? 'The admin' : 'The user'}, with a token (Authorization: Bearer) or a session cookie.`;
}

function parameterList(parameters) {
  const list = el('ul', { class: 'members' }, ...parameters.map(({ name, in: place, required, description, schema }) => {
    const { description: of, ...type } = resolve(schema);
    const where = place === 'path' ? 'in the path' : 'in the query';
    return el('li', {}, el('code', {}, name), el('span', { class: 'hint' },
      ` ${where}, ${typeOf(type)}${required ? '' : ', may be missing'}. `, ...prose(`${description}. ${of ?? ''}`)));
  }));
  return [el('h4', {}, 'Parameters'), list];
}

function bodyList({ content }) {
  const schema = resolve(content['application/json'].schema);
  return [el('h4', {}, 'Body (JSON)'), ...members(schema)];
}

function codesOf(schema) {
  const { enum: codes = [] } = schema.properties?.code ?? {};
  return [...codes, ...(schema.oneOf ?? []).map((one) => one.properties.code?.const)].filter(Boolean);
}

function answer(status, response) {
  const parts = [el('p', {}, el('strong', {}, status === 'default' ? 'Any' : status), ' ', ...prose(response.description))];
  for (const [type, { schema, example }] of Object.entries(response.content ?? {})) {
    if (type === 'application/problem+json') {
      const codes = [...new Set(codesOf(resolve(schema)))];
      parts.push(el('p', { class: 'hint' }, ...codes.flatMap((code, i) => [i > 0 ? ', ' : 'Code ', el('code', {}, code)])));
    } else {
      parts.push(...members(resolve(schema)));
      if (example !== undefined)
        parts.push(sample(`Such as (${type})`, `answer ${status}`, typeof example === 'string' ? example : JSON.stringify(example, null, 2)));
    }
  }
  return el('li', {}, ...parts);
}

function route(path, method, item) {
  const operation = item[method];
  const parameters = parametersOf(item, operation);
  const details = el('details', { class: 'card route', id: operation.operationId },
    el('summary', {}, el('h3', {}, el('span', { class: 'method mono' }, method.toUpperCase()), ' ',
      el('code', { class: 'path' }, path), ' ', el('span', { class: 'says' }, operation.summary))));
  if (operation.description) details.append(paragraph(operation.description));
  details.append(el('p', {}, el('strong', {}, 'Who may call: '), whoMay(operation, operation.tags[0] === 'Admin')));
  if (parameters.length > 0) details.append(...parameterList(parameters));
  if (operation.requestBody) details.append(...bodyList(operation.requestBody));
  details.append(el('h4', {}, 'Examples'), ...callsOf(method, path, operation, parameters));
  details.append(el('h4', {}, 'Answers'), el('ul', { class: 'members' },
    ...Object.entries(operation.responses).map(([status, one]) => answer(status, resolve(one)))));
  return details;
}

function group({ name, description }) {
  const routes = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]?.tags[0] === name).map((method) => route(path, method, item)));
  return el('section', {}, el('h2', {}, name), paragraph(description), ...routes);
}

// --- page ---

function openAll() {
  const routes = [...document.querySelectorAll('.route')];
  const open = !routes.every((one) => one.open);
  for (const one of routes) one.open = open;
}

// The button says what it would do, whoever opened the routes.
function nameOpenAll() {
  const all = [...document.querySelectorAll('.route')].every((one) => one.open);
  $('open-all').textContent = all ? 'Close all routes' : 'Open all routes';
  $('open-all').setAttribute('aria-expanded', String(all));
}

// /docs#sign opens that route.
function openNamed() {
  const route = document.getElementById(location.hash.slice(1));
  if (!route?.classList.contains('route')) return;
  route.open = true;
  route.scrollIntoView();
}

function showApi() {
  $('about').replaceChildren(...prose(api.info.description));
  $('before').replaceChildren(
    sample('Then paste your token and press Enter; it is not shown', 'command: set TOKEN', 'read -rs TOKEN'),
    sample('The same with the admin’s, if you are the admin', 'command: set ADMIN_TOKEN', 'read -rs ADMIN_TOKEN'));
  $('whose').textContent = user === EXAMPLE_USER
    ? `The examples are about a user called ${user}: put your user id in its place. When you are signed in, this page does it.`
    : `The examples are about your wallet, ${user}.`;
  $('routes').replaceChildren(...api.tags.map(group));
  for (const one of document.querySelectorAll('.route')) one.addEventListener('toggle', nameOpenAll);
  $('problem').replaceChildren(...members(api.components.schemas.Problem));
  $('waiting').hidden = true;
  $('api').hidden = false;
  openNamed();
}

async function start() {
  $('load-fault').replaceChildren();
  // Without knowing who is signed in the page is still of use.
  const who = await session().catch(() => null);
  user = who?.userId ?? EXAMPLE_USER;
  try {
    api = await call('GET', '/openapi.json');
  } catch (error) {
    $('waiting').hidden = true;
    showFault($('load-fault'), error, 'The description of the API cannot be shown now.', start);
    return;
  }
  showApi();
}

$('open-all').addEventListener('click', openAll);
addEventListener('hashchange', openNamed);

start();
