// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {DstackClusterNFT} from "../src/DstackClusterNFT.sol";
import {SignatureChain} from "../src/SignatureChain.sol";
import {ClusterBallot, IBallotCluster} from "../src/cluster/ClusterBallot.sol";
import {ClusterPeers} from "../src/cluster/ClusterPeers.sol";
import {ClusterRules} from "../src/cluster/ClusterRules.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title A cluster, its app's keys, and vouchers that hold
abstract contract ClusterFixture is ChainFixture {
    uint32 internal constant LEASE = 1 hours;
    uint32 internal constant WINDOW = 7 days;
    uint32 internal constant PERIOD = 2 days;
    uint256 internal constant QUORUM = 5_000;
    uint96 internal constant PRICE = 1 ether;
    bytes32 internal constant CODE = keccak256("compose file");

    uint256 internal rootKey = makeKey("kms root");
    uint256 internal appKey = makeKey("app");
    uint256 internal nodeKey = makeKey("key of the nodes for vouchers");
    address internal owner = makeAddr("owner");
    address internal guardian = makeAddr("guardian");
    address internal alice = makeAddr("alice");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address internal stranger = makeAddr("stranger");
    address internal nodeA = makeAddr("instance a");
    address internal nodeB = makeAddr("instance b");
    address internal nodeC = makeAddr("instance c");

    DstackClusterNFT internal cluster;
    ClusterRules internal rules;
    ClusterBallot internal ballot;

    function prepare() internal {
        vm.warp(1_800_000_000);
        deploy(makeSetup());
        address[5] memory people = [owner, alice, bob, carol, stranger];
        for (uint256 i = 0; i < people.length; i++) {
            vm.deal(people[i], 100 ether);
        }
    }

    /// @dev All doors exist, every network is taken, any device boots the one code.
    function makeSetup() internal view returns (DstackClusterNFT.Setup memory setup) {
        setup.name = "Cluster";
        setup.symbol = "NODE";
        setup.owner = owner;
        setup.guardian = guardian;
        setup.auth.minimumNotice = 1 days;
        setup.auth.notice = 2 days;
        setup.auth.exitWindow = 2 days;
        setup.auth.proposalLifetime = 7 days;
        setup.auth.pauseLength = 3 days;
        setup.auth.allowAnyDevice = true;
        setup.auth.composeHash = CODE;
        setup.member.maxNodes = 100;
        setup.member.networkMode = 2;
        setup.member.ownerAdmits = true;
        setup.member.publicAdmits = true;
        setup.member.refundWindow = WINDOW;
        setup.peer.kmsRoot = vm.addr(rootKey);
        setup.peer.leaseDuration = LEASE;
        setup.bootNeedsSeat = true;
    }

    /// @dev The ballot comes first, for the address that the next contract will have.
    function deploy(DstackClusterNFT.Setup memory setup) internal {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        ballot = new ClusterBallot(IBallotCluster(next), QUORUM, PERIOD);
        setup.ballot = ballot;
        cluster = new DstackClusterNFT(setup);
        rules = cluster.rules();
    }

    function hexOf(address instanceId) internal pure returns (string memory) {
        return vm.toString(instanceId);
    }

    function mint(address holder, address instanceId) internal returns (uint256) {
        vm.prank(owner);
        return cluster.mintNodeAccess(holder, hexOf(instanceId));
    }

    function openSale() internal {
        vm.prank(owner);
        cluster.setMintingPolicy(PRICE, true);
    }

    function buy(address holder, address instanceId) internal returns (uint256) {
        vm.prank(holder);
        return cluster.mintNodeAccess{value: PRICE}(holder, hexOf(instanceId));
    }

    /// @dev A gateway's voucher for a token and the instance that it names.
    function voucherFor(uint256 tokenId)
        internal
        view
        returns (ClusterPeers.Voucher memory voucher)
    {
        voucher.appId = address(cluster);
        voucher.tokenId = tokenId;
        voucher.instanceId = cluster.instanceOf(tokenId);
        voucher.endpoint = string.concat("https://node-", vm.toString(tokenId), ".example:8443");
        voucher.nonce = cluster.nonces(voucher.instanceId);
        voucher.deadline = block.timestamp + 5 minutes;
    }

    function tunnelFor(uint256 tokenId)
        internal
        view
        returns (ClusterPeers.Voucher memory voucher)
    {
        voucher = voucherFor(tokenId);
        voucher.networkType = ClusterPeers.NetworkType.WIREGUARD;
        voucher.endpoint = string.concat("192.0.2.", vm.toString(tokenId), ":51820");
        voucher.wireguardKey = keccak256(abi.encode("tunnel", tokenId));
    }

    function chain() internal returns (SignatureChain.Proof memory) {
        return makeProof(rootKey, address(cluster), appKey, nodeKey, "cluster");
    }

    function sign(ClusterPeers.Voucher memory voucher) internal view returns (bytes memory) {
        return signBare(nodeKey, cluster.voucherDigest(voucher));
    }

    function register(ClusterPeers.Voucher memory voucher) internal {
        cluster.registerPeer(voucher, sign(voucher), chain());
    }

    function register(uint256 tokenId) internal {
        register(voucherFor(tokenId));
    }

    /// @dev A seat for a holder with its peer.
    function join(address holder, address instanceId) internal returns (uint256 tokenId) {
        tokenId = mint(holder, instanceId);
        register(tokenId);
    }

    function renewalOf(uint256 tokenId)
        internal
        view
        returns (uint256 nonce, uint256 deadline, bytes memory signature)
    {
        address instanceId = cluster.instanceOf(tokenId);
        nonce = cluster.nonces(instanceId);
        deadline = block.timestamp + 5 minutes;
        signature = signBare(nodeKey, cluster.renewalDigest(tokenId, instanceId, nonce, deadline));
    }

    function renew(uint256 tokenId) internal {
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        cluster.renewLease(tokenId, nonce, deadline, signature);
    }

    /// @dev All is made ready first, as the expectation is for the very next call.
    function refuse(ClusterPeers.Voucher memory voucher, bytes memory why) internal {
        refuse(voucher, sign(voucher), why);
    }

    function refuse(ClusterPeers.Voucher memory voucher, bytes memory signature, bytes memory why)
        internal
    {
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert(why);
        cluster.registerPeer(voucher, signature, proof);
    }

    /// @dev What a client hashes of a peer, written out once more.
    function memberOf(ClusterPeers.Peer memory peer) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Peer(uint256 tokenId,address appId,address instanceId,uint8 networkType,uint256 leaseUntil,bytes32 wireguardKey,string endpoint)"
                ),
                peer.tokenId,
                peer.appId,
                peer.instanceId,
                peer.networkType,
                peer.leaseUntil,
                peer.wireguardKey,
                keccak256(bytes(peer.endpoint))
            )
        );
    }

    function pause() internal {
        vm.prank(guardian);
        rules.pause();
    }
}
