// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {DstackClusterNFT} from "../../src/DstackClusterNFT.sol";
import {ProvenKeys} from "../../src/ProvenKeys.sol";
import {PullPayments} from "../../src/PullPayments.sol";
import {SignatureChain} from "../../src/SignatureChain.sol";
import {ClusterMembers} from "../../src/cluster/ClusterMembers.sol";
import {ClusterPeers} from "../../src/cluster/ClusterPeers.sol";
import {IAppAuth} from "../../src/interfaces/IAppAuth.sol";
import {ClusterFixture} from "../ClusterFixture.sol";

/// @dev A member that tries to be refunded twice.
contract ReentrantMember {
    DstackClusterNFT private immutable _cluster;
    bool public reentered;

    constructor(DstackClusterNFT cluster_) {
        _cluster = cluster_;
    }

    function buy(uint256 value) external payable {
        _cluster.mintNodeAccess{value: value}(address(this), "");
    }

    function take() external {
        _cluster.refund(payable(address(this)));
    }

    receive() external payable {
        try _cluster.refund(payable(address(this))) {
            reentered = true;
        } catch {}
    }
}

/// @dev A holder whose code must not be run by a mint.
contract NosyHolder {
    function onERC721Received(address, address, uint256, bytes calldata)
        external
        pure
        returns (bytes4)
    {
        revert("called in the middle of a mint");
    }
}

/// @notice Ways to cheat a cluster, each of which fails.
contract DstackClusterNFTAttack is ClusterFixture {
    function setUp() public {
        prepare();
    }

    function otherSigner(
        ClusterPeers.Voucher memory voucher,
        bytes memory signature,
        address proven
    ) private view returns (bytes memory) {
        address signer = SignatureChain.recover(cluster.voucherDigest(voucher), signature);
        return abi.encodeWithSelector(ProvenKeys.ProvenKeysOtherSigner.selector, signer, proven);
    }

    function refuseSigned(ClusterPeers.Voucher memory voucher, bytes memory signature) private {
        refuse(voucher, signature, otherSigner(voucher, signature, vm.addr(nodeKey)));
    }

    function badNonce(address instanceId, uint256 nonce, uint256 expected)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ClusterPeers.ClusterBadNonce.selector, instanceId, nonce, expected
        );
    }

    // The chain: what upstream's cluster did not check

    function refuseChain(uint256 key, SignatureChain.Proof memory proof, bytes memory why) private {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        bytes memory signature = signBare(key, cluster.voucherDigest(voucher));
        vm.expectRevert(why);
        cluster.registerPeer(voucher, signature, proof);
        assertEq(cluster.peerCount(), 0);
    }

    function test_aForgedAppSignatureIsRefused() public {
        uint256 attacker = makeKey("attacker");
        SignatureChain.Proof memory proof =
            makeProof(rootKey, address(cluster), appKey, attacker, "cluster");
        proof.appSignature =
            signBare(attacker, SignatureChain.appDigest("cluster", proof.derivedPubKey));
        refuseChain(
            attacker,
            proof,
            abi.encodeWithSelector(
                SignatureChain.SignatureChainAppKeyMismatch.selector,
                vm.addr(attacker),
                vm.addr(appKey)
            )
        );
    }

    function test_anotherAppsChainIsRefused() public {
        uint256 attacker = makeKey("attacker");
        SignatureChain.Proof memory proof =
            makeProof(rootKey, makeAddr("own app"), makeKey("own app key"), attacker, "cluster");
        address recovered = SignatureChain.recover(
            SignatureChain.kmsDigest(address(cluster), proof.appPubKey), proof.kmsSignature
        );
        refuseChain(
            attacker,
            proof,
            abi.encodeWithSelector(
                SignatureChain.SignatureChainNotFromRoot.selector, recovered, vm.addr(rootKey)
            )
        );
    }

    function test_anotherAppsIdIsRefused() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        voucher.appId = makeAddr("own app");
        refuse(
            voucher, abi.encodeWithSelector(ClusterPeers.ClusterOtherApp.selector, voucher.appId)
        );
    }

    function test_inAFederationOneAppDoesNotSpeakForAnother() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        (address one, address two) = (makeAddr("app 1"), makeAddr("app 2"));
        setup.peer.appIds = new address[](2);
        (setup.peer.appIds[0], setup.peer.appIds[1]) = (one, two);
        deploy(setup);
        uint256 keyOfTwo = makeKey("app 2's voucher key");
        SignatureChain.Proof memory proof =
            makeProof(rootKey, two, makeKey("app 2's key"), keyOfTwo, "cluster");

        // The key of app 2 is proven by a peer of its own.
        ClusterPeers.Voucher memory voucher = voucherFor(mint(bob, nodeB));
        voucher.appId = two;
        cluster.registerPeer(voucher, signBare(keyOfTwo, cluster.voucherDigest(voucher)), proof);

        voucher = voucherFor(mint(alice, nodeA));
        voucher.appId = one;
        bytes memory signature = signBare(keyOfTwo, cluster.voucherDigest(voucher));
        vm.expectPartialRevert(SignatureChain.SignatureChainNotFromRoot.selector);
        cluster.registerPeer(voucher, signature, proof);

        // Nor does it keep a peer of app 1 alive.
        proof = makeProof(rootKey, one, appKey, nodeKey, "cluster");
        cluster.registerPeer(voucher, sign(voucher), proof);
        uint256 deadline = block.timestamp;
        signature = signBare(keyOfTwo, cluster.renewalDigest(2, nodeA, 1, deadline));
        vm.expectRevert(
            abi.encodeWithSelector(
                ClusterPeers.ClusterKeyNotProven.selector, vm.addr(keyOfTwo), one
            )
        );
        cluster.renewLease(2, 1, deadline, signature);
    }

    function test_aClusterIsItsOwnAppOrListsOthersNeverBoth() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.peer.appIds = new address[](2);
        setup.peer.appIds[0] = makeAddr("app 1");
        setup.peer.appIds[1] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterMixedApps.selector));
        new DstackClusterNFT(setup);
    }

    function test_anotherRootIsRefused() public {
        uint256 attacker = makeKey("attacker");
        refuseChain(
            attacker,
            makeProof(attacker, address(cluster), makeKey("a"), attacker, "cluster"),
            abi.encodeWithSelector(
                SignatureChain.SignatureChainNotFromRoot.selector,
                vm.addr(attacker),
                vm.addr(rootKey)
            )
        );
    }

    function test_aUsersKeyOfTheSameAppIsRefused() public {
        // The wallet signs typed data for its users, and a voucher is typed data.
        uint256 user = makeKey("a user of the wallet");
        refuseChain(
            user,
            makeProof(rootKey, address(cluster), appKey, user, "ethereum"),
            abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, "ethereum")
        );
    }

    function test_theChainOfAnotherKeyIsRefused() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        refuseSigned(voucher, signBare(makeKey("attacker"), cluster.voucherDigest(voucher)));
    }

    function test_aKeyOfTheAppIsNoKeyForVouchersByItself() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        bytes memory signature = signBare(appKey, cluster.voucherDigest(voucher));
        SignatureChain.Proof memory none;
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, ""));
        cluster.registerPeer(voucher, signature, none);
    }

    function testFuzz_noiseIsNoSignature(bytes calldata noise) public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert();
        cluster.registerPeer(voucher, noise, proof);
        join(bob, nodeB);
        uint256 deadline = block.timestamp;
        vm.expectRevert();
        cluster.renewLease(2, 1, deadline, noise);
        assertFalse(cluster.instanceIsRegistered(nodeA));
    }

    // Vouchers: replayed, altered, taken elsewhere

    function test_aVoucherWorksOnce() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        register(voucher);
        refuse(voucher, badNonce(nodeA, 0, 1));
    }

    function test_aRevokedNodeDoesNotComeBackByItsVoucher() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
        register(voucher);
        vm.prank(owner);
        cluster.revoke(tokenId, "");
        refuse(
            voucher,
            abi.encodeWithSelector(
                ClusterPeers.ClusterNotAssigned.selector, tokenId, address(0), nodeA
            )
        );
        // Not even with a seat that names it.
        mint(alice, nodeA);
        voucher.tokenId = 2;
        refuse(voucher, badNonce(nodeA, 0, 1));
    }

    function test_anOlderVoucherDoesNotUndoANewerOne() public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory older = voucherFor(tokenId);
        older.endpoint = "https://taken-over.example";
        bytes memory signature = sign(older);
        register(voucherFor(tokenId));
        refuse(older, signature, badNonce(nodeA, 0, 1));
        assertEq(cluster.instanceToEndpoint(nodeA), "https://node-1.example:8443");
    }

    function test_aVoucherForTheFutureIsRefused() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        voucher.nonce = 1;
        refuse(voucher, badNonce(nodeA, 1, 0));
    }

    function test_aVoucherPastItsDeadlineIsRefused() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        vm.warp(voucher.deadline + 1);
        refuse(
            voucher,
            abi.encodeWithSelector(
                ClusterPeers.ClusterPastDeadline.selector, voucher.deadline, block.timestamp
            )
        );
    }

    function testFuzz_noSignedFieldCanBeEdited(uint256 field, uint256 value) public {
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = tunnelFor(tokenId);
        bytes memory signature = sign(voucher);
        bytes32 signed = keccak256(abi.encode(voucher));
        field = field % 3;
        if (field == 0) {
            voucher.wireguardKey = bytes32(bound(value, 1, type(uint256).max));
        } else if (field == 1) {
            voucher.deadline = bound(value, block.timestamp, type(uint256).max);
        } else {
            voucher.endpoint = string.concat("203.0.113.1:", vm.toString(value));
        }
        // The fuzzer finds the value that was signed, too: that one is no edit.
        vm.assume(keccak256(abi.encode(voucher)) != signed);
        refuseSigned(voucher, signature);
    }

    function test_aVouchersNetworkCannotBeEdited() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        bytes memory signature = sign(voucher);
        voucher.networkType = ClusterPeers.NetworkType.WIREGUARD;
        voucher.wireguardKey = bytes32(uint256(1));
        refuseSigned(voucher, signature);
    }

    function test_aVoucherDoesNotServeAnotherCluster() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        DstackClusterNFT here = cluster;
        deploy(makeSetup());
        bytes memory signature = sign(voucher);
        cluster = here;
        refuseSigned(voucher, signature);
    }

    function test_aVoucherDoesNotServeAnotherChain() public {
        ClusterPeers.Voucher memory voucher = voucherFor(mint(alice, nodeA));
        bytes memory signature = sign(voucher);
        vm.chainId(block.chainid + 1);
        refuseSigned(voucher, signature);
    }

    function test_aRenewalIsNoVoucherAndWorksOnce() public {
        uint256 tokenId = join(alice, nodeA);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        cluster.renewLease(tokenId, nonce, deadline, signature);
        vm.expectRevert(badNonce(nodeA, 1, 2));
        cluster.renewLease(tokenId, nonce, deadline, signature);
        (nonce, deadline, signature) = renewalOf(tokenId);
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ClusterPeers.ClusterPastDeadline.selector, deadline, block.timestamp
            )
        );
        cluster.renewLease(tokenId, nonce, deadline, signature);
    }

    function test_aRenewalIsForOneToken() public {
        join(alice, nodeA);
        join(bob, nodeB);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(1);
        vm.expectPartialRevert(ClusterPeers.ClusterKeyNotProven.selector);
        cluster.renewLease(2, nonce, deadline, signature);
    }

    function test_theHolderAloneKeepsNoNodeAlive() public {
        uint256 tokenId = join(alice, nodeA);
        uint256 deadline = block.timestamp;
        bytes memory signature =
            signBare(makeKey("alice"), cluster.renewalDigest(tokenId, nodeA, 1, deadline));
        vm.expectRevert(
            abi.encodeWithSelector(
                ClusterPeers.ClusterKeyNotProven.selector, alice, address(cluster)
            )
        );
        vm.prank(alice);
        cluster.renewLease(tokenId, 1, deadline, signature);
    }

    // Seats: taken, squatted, shared

    function test_nobodySitsOnAnothersSeat() public {
        // The attacker runs the right code, on a machine of his own, and has it name Alice's token.
        uint256 tokenId = mint(alice, nodeA);
        ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
        voucher.instanceId = nodeB;
        refuse(
            voucher,
            abi.encodeWithSelector(ClusterPeers.ClusterNotAssigned.selector, tokenId, nodeA, nodeB)
        );
    }

    function test_aSeatThatNamesNobodyTakesNobody() public {
        vm.prank(owner);
        uint256 tokenId = cluster.mintNodeAccess(alice, "");
        refuse(
            voucherFor(tokenId),
            abi.encodeWithSelector(
                ClusterPeers.ClusterNotAssigned.selector, tokenId, address(0), address(0)
            )
        );
    }

    function test_namingAnothersInstanceKeepsItFromNothing() public {
        // A squatter is first to name Alice's instance.
        openSale();
        vm.prank(stranger);
        cluster.mintNodeAccess{value: PRICE}(stranger, hexOf(nodeA));
        uint256 tokenId = buy(alice, nodeA);
        register(tokenId);
        assertEq(cluster.instanceToTokenId(nodeA), tokenId);
        // Nor does his leaving take it along.
        vm.prank(stranger);
        cluster.resign(1);
        assertTrue(cluster.instanceIsRegistered(nodeA));
        assertEq(cluster.seatsOf(nodeA), 1);
    }

    function test_aVoucherIsNotTurnedToASquattersToken() public {
        openSale();
        vm.prank(stranger);
        uint256 squatter = cluster.mintNodeAccess{value: PRICE}(stranger, hexOf(nodeA));
        ClusterPeers.Voucher memory voucher = voucherFor(buy(alice, nodeA));
        bytes memory signature = sign(voucher);
        voucher.tokenId = squatter;
        refuseSigned(voucher, signature);
    }

    function test_oneTokenIsOneNode() public {
        uint256 tokenId = join(alice, nodeA);
        ClusterPeers.Voucher memory second = voucherFor(tokenId);
        second.instanceId = nodeB;
        second.nonce = 0;
        refuse(
            second,
            abi.encodeWithSelector(ClusterPeers.ClusterNotAssigned.selector, tokenId, nodeA, nodeB)
        );
        vm.prank(alice);
        cluster.assignInstance(tokenId, nodeB);
        register(second);
        assertEq(cluster.peerCount(), 1);
        assertFalse(cluster.instanceIsRegistered(nodeA));
    }

    function test_whoBuysATokenDoesNotBuyItsPeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.prank(alice);
        cluster.transferFrom(alice, stranger, tokenId);
        assertFalse(cluster.instanceIsRegistered(nodeA));
        // And the old node does not come back on the new holder's seat.
        ClusterPeers.Voucher memory voucher = voucherFor(tokenId);
        voucher.instanceId = nodeA;
        voucher.nonce = 1;
        refuse(
            voucher,
            abi.encodeWithSelector(
                ClusterPeers.ClusterNotAssigned.selector, tokenId, address(0), nodeA
            )
        );
    }

    function test_aTransferAndBackEndsThePeer() public {
        uint256 tokenId = join(alice, nodeA);
        vm.prank(alice);
        cluster.transferFrom(alice, alice, tokenId);
        assertFalse(cluster.instanceIsRegistered(nodeA));
    }

    function test_anOperatorOfATokenEndsAPeerLikeItsHolder() public {
        uint256 tokenId = join(alice, nodeA);
        vm.prank(alice);
        cluster.approve(stranger, tokenId);
        vm.prank(stranger);
        cluster.transferFrom(alice, stranger, tokenId);
        assertFalse(cluster.instanceIsRegistered(nodeA));
    }

    function test_aStolenWireguardKeyIsRefused() public {
        ClusterPeers.Voucher memory victim = tunnelFor(mint(alice, nodeA));
        register(victim);
        ClusterPeers.Voucher memory thief = tunnelFor(mint(bob, nodeB));
        thief.wireguardKey = victim.wireguardKey;
        refuse(
            thief,
            abi.encodeWithSelector(
                ClusterPeers.ClusterWireguardKeyTaken.selector, victim.wireguardKey, 1
            )
        );
    }

    function test_aLeaseThatWasLeftBehindIsNobodys() public {
        uint256 tokenId = join(alice, nodeA);
        vm.warp(block.timestamp + LEASE + 1);
        (uint256 nonce, uint256 deadline, bytes memory signature) = renewalOf(tokenId);
        vm.expectPartialRevert(ClusterPeers.ClusterLeaseLapsed.selector);
        cluster.renewLease(tokenId, nonce, deadline, signature);
    }

    // The owner

    function test_theOwnerTakesNothingThatIsOwedToMembers() public {
        openSale();
        vm.prank(alice);
        cluster.mintNodeAccess{value: 5 ether}(alice, "");
        bytes memory nothing = abi.encodeWithSelector(ClusterMembers.ClusterNothingEarned.selector);
        vm.startPrank(owner);
        vm.expectRevert(nothing);
        cluster.withdraw(payable(owner));
        cluster.revoke(1, "to keep the money");
        vm.expectRevert(nothing);
        cluster.withdraw(payable(owner));
        vm.expectRevert(
            abi.encodeWithSelector(PullPayments.PullPaymentsNothingOwed.selector, owner)
        );
        cluster.refund(payable(owner));
        vm.stopPrank();
        vm.prank(alice);
        cluster.refund(payable(alice));
        assertEq(alice.balance, 100 ether);
    }

    function test_theOwnersLongerWindowIsNotHisToSet() public {
        openSale();
        buy(alice, nodeA);
        vm.prank(owner);
        cluster.setMintingPolicy(0, false);
        (uint256 amount, uint256 earnedAt) = cluster.paymentOf(1);
        assertEq(amount, PRICE);
        assertEq(earnedAt, block.timestamp + WINDOW);
    }

    function test_theOwnerCannotRegisterWhatHisMachineDoesNotRun() public {
        uint256 ownKey = makeKey("owner");
        ClusterPeers.Voucher memory voucher = voucherFor(mint(owner, nodeA));
        refuseSigned(voucher, signBare(ownKey, cluster.voucherDigest(voucher)));
    }

    function test_theOwnerHasNoCallForRootAppsOrDevelopersMode() public {
        // Upstream's owner has each of these.
        bytes[5] memory calls = [
            abi.encodeWithSignature("setKmsRootAddress(address)", owner),
            abi.encodeWithSignature("setKmsRoot(address)", owner),
            abi.encodeWithSignature("addAppId(address)", owner),
            abi.encodeWithSignature("setDevMode(bool)", true),
            abi.encodeWithSignature("addComposeHash(bytes32)", bytes32(uint256(1)))
        ];
        address root = cluster.kmsRoot();
        for (uint256 i = 0; i < calls.length; i++) {
            vm.prank(owner);
            (bool ok,) = address(cluster).call(calls[i]);
            assertFalse(ok);
            vm.prank(owner);
            (ok,) = address(rules).call(calls[i]);
            assertFalse(ok);
        }
        assertEq(cluster.kmsRoot(), root);
        assertEq(cluster.appIds().length, 1);
    }

    function test_theOwnersNewCodeWaitsItsNotice() public {
        mint(owner, nodeA);
        bytes32 evil = keccak256("evil");
        vm.startPrank(owner);
        rules.proposeComposeHash(evil);
        vm.expectRevert();
        rules.activateComposeHash(evil);
        vm.stopPrank();
        IAppAuth.AppBootInfo memory info;
        info.appId = address(cluster);
        info.instanceId = nodeA;
        info.composeHash = evil;
        (bool allowed,) = cluster.isAppAllowed(info);
        assertFalse(allowed);
    }

    function test_theGuardianCannotEndACluster() public {
        uint256 tokenId = join(alice, nodeA);
        pause();
        vm.warp(block.timestamp + LEASE);
        renew(tokenId);
        assertTrue(cluster.instanceIsRegistered(nodeA));
        assertEq(cluster.getPeerEndpoints().length, 1);
    }

    // Strangers

    function test_aMemberThatCallsBackIsRefundedOnce() public {
        openSale();
        ReentrantMember member = new ReentrantMember(cluster);
        vm.deal(address(member), 3 ether);
        member.buy(3 ether);
        buy(alice, nodeA);
        member.take();
        assertFalse(member.reentered());
        assertEq(address(member).balance, 2 ether);
        assertEq(address(cluster).balance, 2 * PRICE);
    }

    function test_aMintRunsNoCodeOfItsHolder() public {
        NosyHolder holder = new NosyHolder();
        vm.prank(owner);
        assertEq(cluster.mintNodeAccess(address(holder), ""), 1);
    }

    function test_aStrangerWhoGivesSeatsAwayBlocksNobodysOwn() public {
        // A gift occupies the one token that a wallet can hold; its holder is as free as ever.
        openSale();
        vm.prank(stranger);
        cluster.mintNodeAccess{value: PRICE}(alice, hexOf(nodeC));
        vm.prank(alice);
        cluster.assignInstance(1, nodeA);
        register(1);
        assertTrue(cluster.instanceIsRegistered(nodeA));
    }

    function test_etherThatNobodyBookedIsNotTheOwners() public {
        vm.deal(address(cluster), 5 ether);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterNothingEarned.selector));
        vm.prank(owner);
        cluster.withdraw(payable(owner));
        vm.prank(stranger);
        (bool ok,) = address(cluster).call{value: 1 ether}("");
        assertFalse(ok, "nor is any taken by accident");
    }

    function testFuzz_whatIsNoInstanceIdNamesNone(string calldata text) public {
        vm.assume(bytes(text).length != 0 && bytes(text).length != 40 && bytes(text).length != 42);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterBadInstanceId.selector, text));
        vm.prank(owner);
        cluster.mintNodeAccess(alice, text);
    }
}
