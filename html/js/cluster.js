// The network: who is in it, and with the visitor's own wallet a way to change that.
import { actions } from './cluster_actions.js';
import { watchList } from './cluster_list.js';
import { walletPart } from './cluster_wallet.js';
import { session } from './session.js';

const offer = actions(async () => {
  await wallet.refresh();
  await look();
});
const wallet = walletPart(offer);
const look = watchList(wallet.follow);
session().catch(() => {});
