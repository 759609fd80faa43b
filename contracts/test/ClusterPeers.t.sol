// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {DstackClusterNFT} from "../src/DstackClusterNFT.sol";
import {ProvenKeys} from "../src/ProvenKeys.sol";
import {SignatureChain} from "../src/SignatureChain.sol";
import {ClusterMembers} from "../src/cluster/ClusterMembers.sol";
import {ClusterPeers} from "../src/cluster/ClusterPeers.sol";
import {ClusterFixture} from "./ClusterFixture.sol";
import {PeerSetHashHarness} from "./PeerSetHashHarness.sol";

/// @notice Vouchers, leases, the list and its digest.
contract ClusterPeersTest is ClusterFixture {
    function setUp() public {
        prepare();
    }

    // Registering

    function test_aVoucherEntersAPeer() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = tunnelFor(tokenId);
        bytes memory signature = sign(voucher);
        SignatureChain.Proof memory proof = chain();
        bytes32 digest = digestOf(voucher);
        vm.expectEmit(address(cluster));
        emit ProvenKeys.KeyProven(address(cluster), vm.addr(nodeKey));
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeersDigestSet(digest, 1);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRegistered(
            tokenId,
            nodeA,
            vm.addr(nodeKey),
            address(cluster),
            ClusterPeers.NetworkType.WIREGUARD,
            voucher.endpoint,
            voucher.wireguardKey,
            block.timestamp + LEASE
        );
        vm.prank(stranger);
        cluster.registerPeer(voucher, signature, proof);

        assertTrue(cluster.instanceIsRegistered(nodeA));
        assertEq(cluster.instanceToEndpoint(nodeA), voucher.endpoint);
        assertEq(uint256(cluster.instanceToNetworkType(nodeA)), 1);
        assertEq(cluster.instanceToTokenId(nodeA), tokenId);
        assertEq(cluster.nonces(nodeA), 1);
        assertEq(cluster.wireguardKeyToTokenId(voucher.wireguardKey), tokenId);
        assertEq(cluster.peerCount(), 1);
        ClusterPeers.Peer memory peer = cluster.peerOf(tokenId);
        assertEq(peer.tokenId, tokenId);
        assertEq(peer.appId, address(cluster));
        assertEq(peer.instanceId, nodeA);
        assertEq(uint256(peer.networkType), 1);
        assertEq(peer.leaseUntil, block.timestamp + LEASE);
        assertEq(peer.wireguardKey, voucher.wireguardKey);
        assertEq(peer.endpoint, voucher.endpoint);
    }

    function test_namesInHexAreReadToo() public {
        join(alice, nodeA);
        string memory name = hexOf(nodeA);
        assertTrue(cluster.instanceIsRegistered(name));
        assertEq(cluster.instanceToEndpoint(name), "https://node-1.example:8443");
        assertEq(uint256(cluster.instanceToNetworkType(name)), 0);
        assertFalse(cluster.instanceIsRegistered(hexOf(nodeB)));
        assertEq(cluster.instanceToEndpoint(hexOf(nodeB)), "");
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterBadInstanceId.selector, "node1")
        );
        cluster.instanceIsRegistered("node1");
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterNotRegistered.selector, nodeB));
        cluster.instanceToNetworkType(nodeB);
    }

    function test_aKnownKeyNeedsNoChain() public {
        join(alice, nodeA);
        ClusterPeers.Voucher memory voucher = voucherFor(mint(bob, nodeB));
        SignatureChain.Proof memory none;
        cluster.registerPeer(voucher, sign(voucher), none);
        assertTrue(cluster.instanceIsRegistered(nodeB));
    }

    function test_digestsAreThoseOfEip712() public {
        ClusterPeers.Voucher memory voucher = tunnelFor(mint(alice, nodeA));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("DstackClusterNFT"),
                keccak256("1"),
                block.chainid,
                address(cluster)
            )
        );
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "Voucher(address appId,uint256 tokenId,address instanceId,uint8 networkType,string endpoint,bytes32 wireguardKey,uint256 nonce,uint256 deadline)"
                ),
                voucher.appId,
                voucher.tokenId,
                voucher.instanceId,
                uint8(1),
                keccak256(bytes(voucher.endpoint)),
                voucher.wireguardKey,
                voucher.nonce,
                voucher.deadline
            )
        );
        assertEq(
            cluster.voucherDigest(voucher),
            keccak256(abi.encodePacked(hex"1901", domain, structHash))
        );
        structHash = keccak256(
            abi.encode(
                keccak256(
                    "Renewal(uint256 tokenId,address instanceId,uint256 nonce,uint256 deadline)"
                ),
                uint256(1),
                nodeA,
                uint256(2),
                uint256(3)
            )
        );
        assertEq(
            cluster.renewalDigest(1, nodeA, 2, 3),
            keccak256(abi.encodePacked(hex"1901", domain, structHash))
        );
    }

    function test_aNodeChangesItsEndpointByANewVoucher() public {
        uint256 tokenId = join(alice, nodeA);
        ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
        voucher.endpoint = "https://elsewhere.example";
        bytes memory signature = sign(voucher);
        SignatureChain.Proof memory proof = chain();
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Renewed);
        cluster.registerPeer(voucher, signature, proof);
        assertEq(cluster.instanceToEndpoint(nodeA), "https://elsewhere.example");
        assertEq(cluster.peerCount(), 1);
    }

    function test_aTunnelKeepsItsKeyOrTakesAnother() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = tunnelFor(tokenId);
        register(voucher);
        voucher.nonce = 1;
        register(voucher);
        bytes32 old = voucher.wireguardKey;
        voucher.nonce = 2;
        voucher.wireguardKey = keccak256("after a boot");
        register(voucher);
        assertEq(cluster.wireguardKeyToTokenId(old), 0);
        assertEq(cluster.wireguardKeyToTokenId(voucher.wireguardKey), tokenId);
    }

    function test_anInstanceMovesToTheTokenThatItNames() public {
        uint256 first = join(alice, nodeA);
        uint256 second = mint(bob, nodeA);
        ClusterPeers.Voucher memory voucher = voucherFor(second);
        bytes memory signature = sign(voucher);
        SignatureChain.Proof memory proof = chain();
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(first, nodeA, ClusterMembers.Reason.Reassigned);
        cluster.registerPeer(voucher, signature, proof);
        assertEq(cluster.instanceToTokenId(nodeA), second);
        assertEq(cluster.peerCount(), 1);
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterNoPeer.selector, first));
        cluster.peerOf(first);
    }

    function test_aVoucherCountsToItsLastSecond() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        vm.warp(voucher.deadline);
        register(voucher);
    }

    function test_onlyTheNetworksOfTheClusterAreTaken() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory tunnel = tunnelFor(tokenId);
        ClusterPeers.Voucher memory gateway = voucherFor(tokenId);
        setMode(0);
        refuse(tunnel, notAllowed(tunnel.networkType, 0));
        register(gateway);
        setMode(1);
        gateway.nonce = 1;
        refuse(gateway, notAllowed(gateway.networkType, 1));
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        vm.expectRevert(notAllowed(gateway.networkType, 1));
        cluster.renewLease(tokenId, nonce, deadline, signature);
        assertTrue(cluster.instanceIsRegistered(nodeA), "the lease runs out, no sooner");
        tunnel.nonce = 1;
        register(tunnel);
    }

    function notAllowed(ClusterPeers.NetworkType kind, uint8 mode)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(ClusterPeers.ClusterNetworkNotAllowed.selector, kind, mode);
    }

    function setMode(uint8 mode) private {
        vm.prank(owner);
        cluster.setClusterConfig(100, mode);
    }

    function test_aTunnelNeedsAKeyAndAGatewayHasNone() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = tunnelFor(tokenId);
        voucher.wireguardKey = 0;
        refuse(
            voucher,
            abi.encodeWithSelector(ClusterPeers.ClusterBadWireguardKey.selector, bytes32(0))
        );
        voucher = voucherFor(tokenId);
        voucher.wireguardKey = bytes32(uint256(1));
        refuse(
            voucher,
            abi.encodeWithSelector(
                ClusterPeers.ClusterBadWireguardKey.selector, voucher.wireguardKey
            )
        );
    }

    function test_endpointsHaveTheirForm() public {
        uint256 tokenId = mint(alice, nodeA);
        string[6] memory bad =
            ["", "https://", "http://node.example", "node.example", "HTTPS://node.example", "x"];
        for (uint256 i = 0; i < bad.length; i++) {
            ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
            voucher.endpoint = bad[i];
            refuse(
                voucher, abi.encodeWithSelector(ClusterPeers.ClusterBadEndpoint.selector, bad[i])
            );
        }
        string[4] memory good =
            ["https://a", "https://[2001:db8::1]:8443", "https://A_z-09.example/", longest()];
        for (uint256 i = 0; i < good.length; i++) {
            ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
            voucher.endpoint = good[i];
            register(voucher);
            assertEq(cluster.instanceToEndpoint(nodeA), good[i]);
        }
        ClusterPeers.Voucher memory tooLong = voucherFor(tokenId);
        tooLong.endpoint = string.concat(longest(), "a");
        refuse(
            tooLong,
            abi.encodeWithSelector(ClusterPeers.ClusterBadEndpoint.selector, tooLong.endpoint)
        );
        ClusterPeers.Voucher memory empty = tunnelFor(tokenId);
        empty.endpoint = "";
        refuse(empty, abi.encodeWithSelector(ClusterPeers.ClusterBadEndpoint.selector, ""));
    }

    /// @dev 128 bytes.
    function longest() private pure returns (string memory) {
        bytes memory text = new bytes(120);
        for (uint256 i = 0; i < text.length; i++) {
            text[i] = "a";
        }
        return string.concat("https://", string(text));
    }

    function testFuzz_noByteOfAnEndpointIsACommand(uint8 code, uint8 index) public {
        bytes memory text = "https://node.example:8443";
        text[8 + index % (text.length - 8)] = bytes1(code);
        bool harmless = (code >= 45 && code <= 58) || (code >= 65 && code <= 91) || code == 93
            || code == 95 || (code >= 97 && code <= 122);
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        voucher.endpoint = string(text);
        try cluster.registerPeer(voucher, sign(voucher), chain()) {
            assertTrue(harmless);
        } catch {
            assertFalse(harmless);
        }
    }

    function test_aFederatedClusterTakesTheAppsOfItsList() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        address app = makeAddr("app 1");
        setup.peer.appIds = new address[](2);
        (setup.peer.appIds[0], setup.peer.appIds[1]) = (app, makeAddr("app 2"));
        deploy(setup);
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        refuse(
            voucher, abi.encodeWithSelector(ClusterPeers.ClusterOtherApp.selector, address(cluster))
        );
        voucher.appId = app;
        SignatureChain.Proof memory proof = makeProof(rootKey, app, appKey, nodeKey, "cluster");
        cluster.registerPeer(voucher, sign(voucher), proof);
        assertEq(cluster.peerOf(1).appId, app);
    }

    function test_aPauseStopsNewcomersButEndsNoLease() public {
        uint256 tokenId = join(alice, nodeA);
        uint256 other = mint(bob, nodeB);
        pause();
        ClusterPeers.Voucher memory voucher = voucherFor(other);
        refuse(
            voucher,
            abi.encodeWithSelector(ClusterMembers.ClusterPaused.selector, rules.pausedUntil())
        );
        for (uint256 i = 0; i < 10; i++) {
            vm.warp(block.timestamp + LEASE);
            renew(tokenId);
        }
        assertTrue(cluster.instanceIsRegistered(nodeA));
    }

    // Leases

    function test_aLeaseIsProlonged() public {
        uint256 tokenId = join(alice, nodeA);
        vm.warp(block.timestamp + LEASE);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.LeaseRenewed(tokenId, nodeA, block.timestamp + LEASE, vm.addr(nodeKey));
        vm.prank(stranger);
        cluster.renewLease(tokenId, nonce, deadline, signature);
        assertEq(cluster.peerOf(tokenId).leaseUntil, block.timestamp + LEASE);
        assertEq(cluster.nonces(nodeA), 2);
    }

    function test_aLeaseLapses() public {
        uint256 tokenId = join(alice, nodeA);
        join(bob, nodeB);
        uint256 until = block.timestamp + LEASE;
        vm.warp(until);
        assertTrue(cluster.instanceIsRegistered(nodeA));
        renew(2);
        vm.warp(until + 1);
        assertFalse(cluster.instanceIsRegistered(nodeA));
        assertEq(cluster.instanceToEndpoint(nodeA), "");
        assertEq(cluster.instanceToTokenId(nodeA), tokenId);
        string[] memory endpoints = cluster.getPeerEndpoints();
        assertEq(endpoints.length, 1);
        assertEq(endpoints[0], "https://node-2.example:8443");
        assertEq(cluster.getPeers(0, 10).length, 2);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        vm.expectRevert(
            abi.encodeWithSelector(ClusterPeers.ClusterLeaseLapsed.selector, tokenId, until)
        );
        cluster.renewLease(tokenId, nonce, deadline, signature);
        register(tokenId);
        assertTrue(cluster.instanceIsRegistered(nodeA), "a new voucher brings it back");
    }

    function test_anybodyTakesALapsedPeerOffTheList() public {
        uint256 tokenId = join(alice, nodeA);
        uint256 until = block.timestamp + LEASE;
        vm.warp(until);
        vm.expectRevert(
            abi.encodeWithSelector(ClusterPeers.ClusterLeaseRuns.selector, tokenId, until)
        );
        cluster.expirePeer(tokenId);
        vm.warp(until + 1);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Expired);
        vm.prank(stranger);
        cluster.expirePeer(tokenId);
        assertEq(cluster.peerCount(), 0);
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterNoPeer.selector, tokenId));
        cluster.expirePeer(tokenId);
    }

    function test_whatIsNoPeerIsNotRenewed() public {
        mint(alice, nodeA);
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterNoPeer.selector, 1));
        cluster.renewLease(1, 0, block.timestamp, "");
    }

    // Ends

    function test_aTransferEndsThePeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Transferred);
        vm.prank(alice);
        cluster.transferFrom(alice, bob, tokenId);
        gone(nodeA);
    }

    function test_aRevocationEndsThePeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Revoked);
        vm.prank(owner);
        cluster.revoke(tokenId, "");
        gone(nodeA);
    }

    function test_whoResignsEndsThePeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Left);
        vm.prank(alice);
        cluster.resign(tokenId);
        gone(nodeA);
    }

    function test_anotherInstanceOnTheTokenEndsThePeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterPeers.PeerRemoved(tokenId, nodeA, ClusterMembers.Reason.Reassigned);
        vm.prank(alice);
        cluster.assignInstance(tokenId, nodeB);
        gone(nodeA);
    }

    function gone(address instanceId) private view {
        assertFalse(cluster.instanceIsRegistered(instanceId));
        assertEq(cluster.instanceToTokenId(instanceId), 0);
        assertEq(cluster.peerCount(), 0);
        assertEq(cluster.getPeerEndpoints().length, 0);
        assertEq(cluster.nonces(instanceId), 1);
        assertEq(cluster.peersDigest(), keccak256(abi.encode(0, 0, 0)));
    }

    // The list

    function test_theListIsPagedAndClosesItsGaps() public {
        join(alice, nodeA);
        join(bob, nodeB);
        join(carol, nodeC);
        assertEq(cluster.getPeers(0, 2).length, 2);
        assertEq(cluster.getPeers(2, 2).length, 1);
        assertEq(cluster.getPeers(2, type(uint256).max)[0].tokenId, 3);
        assertEq(cluster.getPeers(3, 1).length, 0);
        assertEq(cluster.getPeers(type(uint256).max, 1).length, 0);
        vm.prank(owner);
        cluster.revoke(1, "");
        ClusterPeers.Peer[] memory peers = cluster.getPeers(0, 10);
        assertEq(peers.length, 2);
        assertEq(peers[0].tokenId, 3);
        assertEq(peers[1].tokenId, 2);
        string[] memory endpoints = cluster.getPeerEndpoints();
        assertEq(endpoints[0], peers[0].endpoint);
        assertEq(endpoints[1], peers[1].endpoint);
        vm.prank(owner);
        cluster.revoke(2, "");
        vm.prank(owner);
        cluster.revoke(3, "");
        assertEq(cluster.peerCount(), 0);
    }

    /// @dev The digest once this voucher's peer is the only one.
    function digestOf(ClusterPeers.Voucher memory voucher) private returns (bytes32) {
        PeerSetHashHarness set = new PeerSetHashHarness();
        set.add(
            memberOf(
                ClusterPeers.Peer({
                    tokenId: voucher.tokenId,
                    appId: voucher.appId,
                    instanceId: voucher.instanceId,
                    networkType: voucher.networkType,
                    leaseUntil: block.timestamp + LEASE,
                    wireguardKey: voucher.wireguardKey,
                    endpoint: voucher.endpoint
                })
            )
        );
        return set.digest(1);
    }

    /// @dev As a client does it that has the list from anybody and one word from storage.
    function recomputed() private returns (bytes32) {
        PeerSetHashHarness set = new PeerSetHashHarness();
        ClusterPeers.Peer[] memory peers = cluster.getPeers(0, type(uint256).max);
        for (uint256 i = 0; i < peers.length; i++) {
            set.add(memberOf(peers[i]));
        }
        return set.digest(peers.length);
    }

    function checkDigest() private {
        bytes32 slot = 0x442898dc6f4c8076c55886858530485ca9f84d95fad11199a8641a8f86c30c79;
        assertEq(cluster.PEERS_DIGEST_SLOT(), slot);
        bytes32 stored = vm.load(address(cluster), slot);
        assertEq(stored, cluster.peersDigest());
        assertEq(stored, recomputed());
    }

    function test_oneWordOfStorageProvesTheList() public {
        checkDigest();
        join(alice, nodeA);
        checkDigest();
        register(tunnelFor(mint(bob, nodeB)));
        checkDigest();
        join(carol, nodeC);
        bytes32 before = cluster.peersDigest();
        checkDigest();
        vm.warp(block.timestamp + 1);
        renew(2);
        checkDigest();
        assertNotEq(cluster.peersDigest(), before);
        vm.prank(owner);
        cluster.revoke(1, "");
        checkDigest();
        vm.prank(bob);
        cluster.transferFrom(bob, alice, 2);
        checkDigest();
        vm.warp(block.timestamp + 2 * LEASE);
        cluster.expirePeer(3);
        checkDigest();
    }
}
