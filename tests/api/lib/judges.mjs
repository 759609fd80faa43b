// judges.mjs - what suites outside of this folder need of its packages.
export { keccak256, recoverAddress, stringToBytes } from 'viem';
