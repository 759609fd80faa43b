// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {DstackClusterNFT} from "../../src/DstackClusterNFT.sol";
import {SignatureChain} from "../../src/SignatureChain.sol";
import {ClusterMembers} from "../../src/cluster/ClusterMembers.sol";
import {ClusterPeers} from "../../src/cluster/ClusterPeers.sol";
import {ClusterFixture} from "../ClusterFixture.sol";
import {PeerSetHashHarness} from "../PeerSetHashHarness.sol";

/// @dev Everything that can happen to a cluster, in any order, by five people and four instances. It
/// keeps of its own what the vouchers said.
contract ClusterHandler is ClusterFixture {
    mapping(address instanceId => ClusterPeers.Peer) private _said;
    ClusterPeers.Voucher[] private _used;

    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public peersSeen;

    constructor() {
        prepare();
        openSale();
    }

    function theCluster() external view returns (DstackClusterNFT) {
        return cluster;
    }

    function said(address instanceId) external view returns (ClusterPeers.Peer memory) {
        return _said[instanceId];
    }

    function person(uint256 who) public view returns (address) {
        address[5] memory people = [owner, alice, bob, carol, stranger];
        return people[who % people.length];
    }

    function instance(uint256 which) public view returns (address) {
        address[4] memory all = [nodeA, nodeB, nodeC, makeAddr("instance d")];
        return all[which % all.length];
    }

    function buySeat(uint256 who, uint256 to, uint256 which, uint256 extra) external {
        uint256 value = PRICE + bound(extra, 0, 1 ether);
        address payer = person(who);
        vm.deal(payer, value);
        vm.prank(payer);
        try cluster.mintNodeAccess{value: value}(person(to), hexOf(instance(which))) {
            paidIn += value;
        } catch {}
    }

    function assign(uint256 token, uint256 which) external {
        uint256 tokenId = anyToken(token);
        address to = instance(which);
        address before = cluster.instanceOf(tokenId);
        try cluster.ownerOf(tokenId) returns (address holder) {
            vm.prank(holder);
            cluster.assignInstance(tokenId, to);
            if (before != to) forget(before, tokenId);
        } catch {}
    }

    function enter(uint256 token, bool tunnel, uint256 flavour) external {
        uint256 tokenId = anyToken(token);
        ClusterPeers.Voucher memory voucher = tunnel ? tunnelFor(tokenId) : voucherFor(tokenId);
        if (tunnel) voucher.wireguardKey = bytes32(1 + flavour % 3);
        submit(voucher);
    }

    function replay(uint256 which) external {
        if (_used.length == 0) return;
        ClusterPeers.Voucher memory voucher = _used[which % _used.length];
        voucher.deadline = block.timestamp;
        submit(voucher);
    }

    function renewOne(uint256 token) external {
        uint256 tokenId = anyToken(token);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        try cluster.renewLease(tokenId, nonce, deadline, signature) {
            _said[cluster.instanceOf(tokenId)].leaseUntil = block.timestamp + LEASE;
        } catch {}
    }

    function expire(uint256 token) external {
        uint256 tokenId = anyToken(token);
        address sits = cluster.instanceOf(tokenId);
        try cluster.expirePeer(tokenId) {
            forget(sits, tokenId);
        } catch {}
    }

    function transfer(uint256 token, uint256 to) external {
        uint256 tokenId = anyToken(token);
        address sits = cluster.instanceOf(tokenId);
        try cluster.ownerOf(tokenId) returns (address holder) {
            vm.prank(holder);
            try cluster.transferFrom(holder, person(to), tokenId) {
                forget(sits, tokenId);
            } catch {}
        } catch {}
    }

    function revoke(uint256 token) external {
        uint256 tokenId = anyToken(token);
        address sits = cluster.instanceOf(tokenId);
        vm.prank(owner);
        try cluster.revoke(tokenId, "") {
            forget(sits, tokenId);
        } catch {}
    }

    function resign(uint256 token) external {
        uint256 tokenId = anyToken(token);
        address sits = cluster.instanceOf(tokenId);
        try cluster.ownerOf(tokenId) returns (address holder) {
            vm.prank(holder);
            cluster.resign(tokenId);
            forget(sits, tokenId);
        } catch {}
    }

    function takeMoney(uint256 who, uint256 token) external {
        try cluster.collect(anyToken(token)) {} catch {}
        address account = person(who);
        uint256 amount = cluster.owed(account);
        vm.prank(account);
        try cluster.refund(payable(account)) {
            paidOut += amount;
        } catch {}
        amount = cluster.earnings();
        vm.prank(account);
        try cluster.withdraw(payable(account)) {
            paidOut += amount;
        } catch {}
    }

    function letTimePass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 * LEASE));
    }

    function submit(ClusterPeers.Voucher memory voucher) private {
        SignatureChain.Proof memory proof = chain();
        try cluster.registerPeer(voucher, sign(voucher), proof) {
            _used.push(voucher);
            peersSeen++;
            _said[voucher.instanceId] = ClusterPeers.Peer({
                tokenId: voucher.tokenId,
                appId: voucher.appId,
                instanceId: voucher.instanceId,
                networkType: voucher.networkType,
                leaseUntil: block.timestamp + LEASE,
                wireguardKey: voucher.wireguardKey,
                endpoint: voucher.endpoint
            });
        } catch {}
    }

    function forget(address instanceId, uint256 tokenId) private {
        if (_said[instanceId].tokenId == tokenId) delete _said[instanceId];
    }

    function anyToken(uint256 token) private view returns (uint256) {
        return 1 + token % (cluster.lastTokenId() + 1);
    }
}

contract DstackClusterNFTInvariant is ClusterFixture {
    ClusterHandler private _handler;

    function setUp() public {
        _handler = new ClusterHandler();
        cluster = _handler.theCluster();
        targetContract(address(_handler));
    }

    function invariant_theListIsWhatTheVouchersSaid() public view {
        uint256 expected;
        for (uint256 i = 0; i < 4; i++) {
            ClusterPeers.Peer memory said = _handler.said(_handler.instance(i));
            if (said.tokenId == 0) continue;
            expected++;
            bytes32 kept = keccak256(abi.encode(cluster.peerOf(said.tokenId)));
            assertEq(kept, keccak256(abi.encode(said)));
            assertEq(cluster.instanceToTokenId(said.instanceId), said.tokenId);
            assertEq(
                cluster.instanceIsRegistered(said.instanceId), said.leaseUntil >= block.timestamp
            );
        }
        assertEq(cluster.peerCount(), expected);
    }

    function invariant_theEndpointsAreThoseOfRunningLeases() public view {
        ClusterPeers.Peer[] memory peers = cluster.getPeers(0, type(uint256).max);
        string[] memory endpoints = cluster.getPeerEndpoints();
        uint256 next;
        for (uint256 i = 0; i < peers.length; i++) {
            if (peers[i].leaseUntil < block.timestamp) continue;
            assertEq(endpoints[next++], peers[i].endpoint);
        }
        assertEq(endpoints.length, next);
    }

    function invariant_theDigestIsThatOfTheList() public {
        PeerSetHashHarness set = new PeerSetHashHarness();
        ClusterPeers.Peer[] memory peers = cluster.getPeers(0, type(uint256).max);
        for (uint256 i = 0; i < peers.length; i++) {
            set.add(memberOf(peers[i]));
        }
        assertEq(cluster.peersDigest(), set.digest(peers.length));
    }

    function invariant_oneTokenAWalletAndSeatsAddUp() public view {
        uint256 held;
        uint256 named;
        for (uint256 i = 0; i < 5; i++) {
            address who = _handler.person(i);
            uint256 tokenId = cluster.walletToTokenId(who);
            assertEq(cluster.balanceOf(who), tokenId == 0 ? 0 : 1);
            if (tokenId == 0) continue;
            assertEq(cluster.ownerOf(tokenId), who);
            held++;
            if (cluster.instanceOf(tokenId) != address(0)) named++;
        }
        assertEq(cluster.totalSupply(), held);
        for (uint256 i = 0; i < 4; i++) {
            named -= cluster.seatsOf(_handler.instance(i));
        }
        assertEq(named, 0);
    }

    function invariant_everyWeiIsOwedEarnedOrHeldForAMember() public view {
        uint256 booked = cluster.earnings();
        for (uint256 i = 0; i < 5; i++) {
            booked += cluster.owed(_handler.person(i));
        }
        for (uint256 id = 1; id <= cluster.lastTokenId(); id++) {
            (uint256 amount,) = cluster.paymentOf(id);
            booked += amount;
        }
        assertEq(address(cluster).balance, booked);
        assertEq(_handler.paidIn(), booked + _handler.paidOut());
    }
}
