// What the cluster's contract says when it refuses, in sentences.
import { NotAbi } from './abi.js';
import { errorOf } from './cluster_abi.js';
import { ether } from './ether.js';

const when = (seconds) => (seconds < 253402300800n ? new Date(Number(seconds) * 1000).toLocaleString() : 'the end of time');

const SENTENCES = {
  ClusterPaused: ([until]) => `The guardian has paused the cluster until ${when(until)}: nobody is let in. Try again then, or ask the guardian.`,
  ClusterBadMaxNodes: ([count, most]) => `A cluster has 1 to ${most} seats, not ${count}. Choose another number.`,
  ClusterBadNetworkMode: ([mode]) => `There is no kind of network with the number ${mode}.`,
  ClusterBadPrice: ([price, most]) => `A seat cannot cost ${ether(price)}; ${ether(most)} is the most.`,
  ClusterClosed: ([caller]) => `This way in is closed for ${caller}: seats are not sold now, or this cluster never sells or gives any. Ask the owner.`,
  ClusterFull: ([most]) => `All ${most} seats are taken. Somebody has to leave, or the owner has to allow more.`,
  ClusterTooLittle: ([paid, price]) => `A seat costs ${ether(price)} now, and ${ether(paid)} was offered. Look at the price, then repeat it.`,
  ClusterWalletHasToken: ([wallet, token]) => `${wallet} holds token ${token} already, and a wallet can hold one only. Name another wallet.`,
  ClusterBadInstanceId: ([text]) => `“${text}” is no instance id: it has 40 hex digits, with or without 0x.`,
  ClusterNotHolder: ([caller, token]) => `${caller} does not hold token ${token}, or not any more. Only its holder may do this.`,
  ClusterReasonTooLong: ([length, most]) => `The reason has ${length} bytes, and ${most} are the most. Shorten it.`,
  ClusterNoPeer: ([token]) => `No member sits on token ${token}, so there is nobody to take off the list.`,
  ClusterLeaseRuns: ([token, until]) => `The lease of token ${token} runs until ${when(until)}. Only one that has ended can be taken off the list.`,
  OwnableUnauthorizedAccount: ([account]) => `Only the owner may do this, and ${account} is not the owner.`,
  ERC721NonexistentToken: ([token]) => `There is no token ${token}, or not any more.`,
  ERC721InvalidReceiver: ([account]) => `${account} cannot hold a token. Name another wallet.`,
  Error: ([text]) => `The contract refuses: ${text}`,
  Panic: ([code]) => `The contract broke off with a fault of its own (${code}).`,
};

// A sentence for the bytes of a refusal.
export function refusal(data) {
  try {
    const error = errorOf(data);
    if (error !== undefined) return SENTENCES[error[0]](error[1]);
  } catch (error) {
    if (!(error instanceof NotAbi)) throw error;
  }
  return `The contract refuses, for a reason that this page does not know (${data.slice(0, 10)}).`;
}
