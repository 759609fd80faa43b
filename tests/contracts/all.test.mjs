// all.test.mjs - each contract that this folder offers goes onto a chain by devproof contracts, and is what forge makes.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { artifact, buildContracts, CONTRACTS, DEPLOYER, getContractAddress, operator, OTHER, ROOT_A, startAnvil } from './lib.mjs';

const DAY = 86_400;
const AUTH = {
    minimumNotice: DAY, notice: 2 * DAY, exitWindow: 7 * DAY, proposalLifetime: 14 * DAY, pauseLength: DAY,
    allowAnyDevice: true, requireTcbUpToDate: true, composeHash: `0x${'ab'.repeat(32)}`, deviceId: `0x${'00'.repeat(32)}`,
};

let anvil, me;
before(async () => {
    buildContracts();
    anvil = await startAnvil();
    me = operator(anvil.url, { contracts: CONTRACTS });
});

async function deploy(...words) {
    const ran = await me.deploy(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))));
    assert.equal(ran.code, 0, ran.said);
    return JSON.parse(ran.stdout).address;
}

const read = (name, address, functionName, args = []) => anvil.client.readContract({ address, abi: artifact(name).abi, functionName, args });

/* The ballot is made for the address that the cluster will have: that of the next transaction. */
async function deployCluster() {
    const nonce = await anvil.client.getTransactionCount({ address: DEPLOYER });
    const cluster = getContractAddress({ from: DEPLOYER, nonce: BigInt(nonce + 1) });
    const ballot = await deploy('ClusterBallot', cluster, '6000', String(DAY));
    const address = await deploy('DstackClusterNFT', {
        name: 'Cluster', symbol: 'NODE', owner: DEPLOYER, guardian: OTHER, auth: AUTH,
        member: { maxNodes: 16, networkMode: 2, ownerAdmits: true, publicAdmits: false, refundWindow: 7 * DAY },
        peer: { kmsRoot: ROOT_A, appIds: [], leaseDuration: 3600 },
        bootNeedsSeat: false, ballot, founders: [OTHER],
    });
    assert.equal(address, cluster);
    return { cluster, ballot };
}

test('all of them, and every byte is the same', async () => {
    const { cluster, ballot } = await deployCluster();
    assert.equal(await read('DstackClusterNFT', cluster, 'ballot'), ballot);
    assert.equal(await read('DstackClusterNFT', cluster, 'walletToTokenId', [OTHER]), 1n);
    assert.equal(await read('TimelockAppAuth', cluster, 'allowedComposeHashes', [AUTH.composeHash]), true, 'asked at the cluster, answered by its rules');

    const seats = await deploy('MemberVotes', 'Seats', 'SEAT', [DEPLOYER, OTHER]);
    const governor = await deploy('AppGovernor', 'App', seats, {
        votingDelay: DAY, votingPeriod: 5 * DAY, voteExtension: 2 * DAY, proposalThreshold: 1, quorumPercent: 60, executionDelay: 2 * DAY,
    });
    const guardian = await deploy('PauseGuardian', [OTHER]);
    const auth = await deploy('TimelockAppAuth', await read('AppGovernor', governor, 'timelock'), guardian, AUTH);
    assert.equal(await read('TimelockAppAuth', auth, 'latestVersion'), 1n);
    assert.equal(await read('TeeOracle', await deploy('TeeOracle', ROOT_A, auth, '3600'), 'appId'), auth);
    assert.equal(await read('StateAnchor', await deploy('StateAnchor', ROOT_A), 'kmsRoot'), ROOT_A);
    assert.equal(await read('UserConsent', await deploy('UserConsent', ROOT_A), 'kmsRoot'), ROOT_A);
    assert.equal(await read('KmsSimulator', await deploy('KmsSimulator', DEPLOYER), 'owner'), DEPLOYER);

    const ran = await me.verify([]);
    assert.equal(ran.code, 0, ran.said);
    const all = JSON.parse(ran.stdout);
    assert.equal(all.length, 10);
    for (const { contract, same, immutables, arguments: given } of all) {
        assert.ok(same, contract);
        assert.ok(['proven', 'none'].includes(immutables), `${contract}: ${immutables}`);
        assert.equal(given, 'proven', contract);
    }
});
