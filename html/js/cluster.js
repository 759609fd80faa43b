// The network: who is in it, and with the visitor's own wallet a way to change that.
import { watchList } from './cluster_list.js';
import { session } from './session.js';

watchList(() => {});
session().catch(() => {});
