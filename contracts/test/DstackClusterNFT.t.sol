// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {DstackClusterNFT} from "../src/DstackClusterNFT.sol";
import {ProvenKeys} from "../src/ProvenKeys.sol";
import {PullPayments} from "../src/PullPayments.sol";
import {TimelockAppAuth} from "../src/TimelockAppAuth.sol";
import {ClusterMembers} from "../src/cluster/ClusterMembers.sol";
import {ClusterPeers} from "../src/cluster/ClusterPeers.sol";
import {IAppAuth} from "../src/interfaces/IAppAuth.sol";
import {ClusterFixture} from "./ClusterFixture.sol";

/// @notice Deployment, seats, money, and what the KMS is told. Peers are in ClusterPeers.t.sol.
contract DstackClusterNFTTest is ClusterFixture {
    function setUp() public {
        prepare();
    }

    function notOwner(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller);
    }

    function closed(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ClusterMembers.ClusterClosed.selector, caller);
    }

    // Deployment

    function test_deploymentFixesWhatNobodyMayChange() public view {
        assertEq(cluster.name(), "Cluster");
        assertEq(cluster.symbol(), "NODE");
        assertEq(cluster.owner(), owner);
        assertEq(cluster.kmsRoot(), vm.addr(rootKey));
        assertEq(cluster.appIds().length, 1);
        assertEq(cluster.appIds()[0], address(cluster));
        assertTrue(cluster.isAppId(address(cluster)));
        assertEq(cluster.leaseDuration(), LEASE);
        assertEq(cluster.refundWindow(), WINDOW);
        assertTrue(cluster.ownerAdmits());
        assertTrue(cluster.publicAdmits());
        assertEq(address(cluster.ballot()), address(ballot));
        assertEq(address(rules.cluster()), address(cluster));
        assertTrue(rules.bootNeedsSeat());
        assertEq(rules.owner(), owner);
        assertEq(rules.guardian(), guardian);
        assertEq(cluster.maxNodes(), 100);
        assertEq(cluster.networkMode(), 2);
        assertFalse(cluster.publicMinting());
    }

    function test_foundersHaveTheFirstSeats() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.founders = new address[](2);
        (setup.founders[0], setup.founders[1]) = (alice, bob);
        deploy(setup);
        assertEq(cluster.ownerOf(1), alice);
        assertEq(cluster.ownerOf(2), bob);
        assertEq(cluster.totalSupply(), 2);
    }

    function test_aSetupThatCannotWorkIsRefused() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.peer.kmsRoot = address(0);
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysZeroAddress.selector));
        new DstackClusterNFT(setup);

        setup = makeSetup();
        setup.peer.appIds = new address[](1);
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysZeroAddress.selector));
        new DstackClusterNFT(setup);

        setup = makeSetup();
        setup.peer.appIds = new address[](65);
        vm.expectRevert(abi.encodeWithSelector(ClusterPeers.ClusterTooManyApps.selector, 65, 64));
        new DstackClusterNFT(setup);

        setup = makeSetup();
        setup.auth.minimumNotice = 0;
        vm.expectPartialRevert(TimelockAppAuth.AppAuthBadPeriod.selector);
        new DstackClusterNFT(setup);
    }

    function test_aLeaseOutOfRangeIsRefused() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        uint32[2] memory leases = [uint32(59), 365 days + 1];
        for (uint256 i = 0; i < leases.length; i++) {
            setup.peer.leaseDuration = leases[i];
            vm.expectRevert(
                abi.encodeWithSelector(
                    ClusterPeers.ClusterBadLease.selector, leases[i], 1 minutes, 365 days
                )
            );
            new DstackClusterNFT(setup);
        }
    }

    function test_anotherClustersBallotIsRefused() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.ballot = ballot;
        vm.expectRevert(
            abi.encodeWithSelector(DstackClusterNFT.ClusterOtherBallot.selector, address(cluster))
        );
        new DstackClusterNFT(setup);
    }

    function test_aClusterNeedsNoBallot() public {
        DstackClusterNFT without = new DstackClusterNFT(makeSetup());
        assertEq(address(without.ballot()), address(0));
    }

    function test_interfacesAreTold() public view {
        assertTrue(cluster.supportsInterface(0x01ffc9a7), "ERC-165");
        assertTrue(cluster.supportsInterface(0x1e079198), "IAppAuth");
        assertTrue(cluster.supportsInterface(0x80ac58cd), "ERC-721");
        assertTrue(cluster.supportsInterface(0x5b5e139f), "ERC-721 metadata");
        assertFalse(cluster.supportsInterface(0xffffffff));
    }

    // Settings

    function test_theOwnerSetsSizeAndNetworks() public {
        vm.expectEmit(address(cluster));
        emit ClusterMembers.ClusterConfigSet(7, 1);
        vm.prank(owner);
        cluster.setClusterConfig(7, 1);
        assertEq(cluster.maxNodes(), 7);
        assertEq(cluster.networkMode(), 1);
        vm.expectRevert(notOwner(stranger));
        vm.prank(stranger);
        cluster.setClusterConfig(7, 1);
    }

    function testFuzz_onlySizesAndNetworksInRangeAreSet(uint256 size, uint8 mode) public {
        bool taken = size >= 1 && size <= 1024 && mode <= 2;
        vm.prank(owner);
        try cluster.setClusterConfig(size, mode) {
            assertTrue(taken);
            assertEq(cluster.maxNodes(), size);
        } catch {
            assertFalse(taken);
        }
    }

    function test_sizesAndNetworksOutOfRangeAreRefused() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterBadMaxNodes.selector, 0, 1024));
        cluster.setClusterConfig(0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterBadMaxNodes.selector, 1025, 1024)
        );
        cluster.setClusterConfig(1025, 0);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterBadNetworkMode.selector, 3));
        cluster.setClusterConfig(1, 3);
        cluster.setClusterConfig(1024, 2);
        vm.stopPrank();
    }

    function test_theOwnerSetsThePrice() public {
        vm.expectEmit(address(cluster));
        emit ClusterMembers.MintingPolicySet(PRICE, true);
        vm.prank(owner);
        cluster.setMintingPolicy(PRICE, true);
        assertEq(cluster.mintPrice(), PRICE);
        assertTrue(cluster.publicMinting());
        vm.expectRevert(notOwner(stranger));
        vm.prank(stranger);
        cluster.setMintingPolicy(0, true);
        uint256 most = type(uint96).max;
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterBadPrice.selector, most + 1, most)
        );
        vm.prank(owner);
        cluster.setMintingPolicy(most + 1, true);
    }

    // Doors

    function test_theOwnerGivesSeats() public {
        vm.expectEmit(address(cluster));
        emit ClusterMembers.NodeAdmitted(1, alice, 0);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.InstanceAssigned(1, nodeA);
        assertEq(mint(alice, nodeA), 1);
        assertEq(cluster.ownerOf(1), alice);
        assertEq(cluster.walletToTokenId(alice), 1);
        assertEq(cluster.instanceOf(1), nodeA);
        assertEq(cluster.seatsOf(nodeA), 1);
        assertEq(cluster.totalSupply(), 1);
        assertEq(cluster.lastTokenId(), 1);
    }

    function test_aSeatNeedsNoInstanceYet() public {
        vm.prank(owner);
        uint256 tokenId = cluster.mintNodeAccess(alice, "");
        assertEq(cluster.instanceOf(tokenId), address(0));
        assertEq(cluster.seatsOf(address(0)), 0);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.InstanceAssigned(tokenId, nodeA);
        vm.prank(alice);
        cluster.assignInstance(tokenId, nodeA);
        assertEq(cluster.instanceOf(tokenId), nodeA);
    }

    function test_instanceIdsAreReadWithAndWithoutPrefix() public {
        vm.startPrank(owner);
        cluster.mintNodeAccess(alice, "00112233445566778899aAbBcCdDeEfF00112233");
        cluster.mintNodeAccess(bob, "0x00112233445566778899aabbccddeeff00112233");
        vm.stopPrank();
        assertEq(cluster.instanceOf(1), address(0x00112233445566778899AABbCCdDeeFf00112233));
        assertEq(cluster.instanceOf(2), address(0x00112233445566778899AABbCCdDeeFf00112233));
    }

    function test_whatIsNoInstanceIdIsRefused() public {
        string[5] memory texts = [
            "node1",
            "0x",
            "00112233445566778899aabbccddeeff0011223",
            "00112233445566778899aabbccddeeff001122330",
            "0x00112233445566778899aabbccddeeff0011223g"
        ];
        for (uint256 i = 0; i < texts.length; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(ClusterMembers.ClusterBadInstanceId.selector, texts[i])
            );
            vm.prank(owner);
            cluster.mintNodeAccess(alice, texts[i]);
        }
    }

    function test_seatsAreSoldOnlyWhileTheSaleIsOpen() public {
        vm.expectRevert(closed(alice));
        buy(alice, nodeA);
        openSale();
        assertEq(buy(alice, nodeA), 1);
        (uint256 amount, uint256 earnedAt) = cluster.paymentOf(1);
        assertEq(amount, PRICE);
        assertEq(earnedAt, block.timestamp + WINDOW);
        vm.prank(owner);
        cluster.setMintingPolicy(PRICE, false);
        vm.expectRevert(closed(bob));
        buy(bob, nodeB);
    }

    function test_doorsThatDoNotExistStayShut() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.member.ownerAdmits = false;
        setup.member.publicAdmits = false;
        deploy(setup);
        vm.startPrank(owner);
        vm.expectRevert(closed(owner));
        cluster.mintNodeAccess(owner, "");
        vm.expectRevert(closed(owner));
        cluster.setMintingPolicy(0, true);
        cluster.setMintingPolicy(PRICE, false);
        vm.stopPrank();
        vm.expectRevert(closed(stranger));
        vm.prank(stranger);
        cluster.admitByVote(stranger, nodeA);
    }

    function test_anOwnerWithoutADoorOfHisOwnBuysLikeAnybody() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.member.ownerAdmits = false;
        deploy(setup);
        openSale();
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterTooLittle.selector, 0, PRICE));
        vm.prank(owner);
        cluster.mintNodeAccess(owner, "");
        buy(owner, nodeA);
    }

    function test_aFullClusterAdmitsNobody() public {
        vm.prank(owner);
        cluster.setClusterConfig(1, 2);
        mint(alice, nodeA);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterFull.selector, 1));
        mint(bob, nodeB);
        vm.prank(alice);
        cluster.resign(1);
        assertEq(mint(bob, nodeB), 2);
    }

    function test_aWalletHoldsOneToken() public {
        mint(alice, nodeA);
        mint(bob, nodeB);
        bytes memory why =
            abi.encodeWithSelector(ClusterMembers.ClusterWalletHasToken.selector, alice, 1);
        vm.expectRevert(why);
        mint(alice, nodeC);
        vm.expectRevert(why);
        vm.prank(bob);
        cluster.transferFrom(bob, alice, 2);
    }

    function test_aPausedClusterAdmitsNobody() public {
        pause();
        uint256 until = rules.pausedUntil();
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterPaused.selector, until));
        mint(alice, nodeA);
    }

    // Hands

    function test_aTokenThatChangesHandsForgetsItsInstance() public {
        mint(alice, nodeA);
        vm.prank(alice);
        cluster.transferFrom(alice, bob, 1);
        assertEq(cluster.walletToTokenId(alice), 0);
        assertEq(cluster.walletToTokenId(bob), 1);
        assertEq(cluster.instanceOf(1), address(0));
        assertEq(cluster.seatsOf(nodeA), 0);
        assertEq(cluster.totalSupply(), 1);
    }

    function test_aTransferToOneselfKeepsTheToken() public {
        mint(alice, nodeA);
        vm.prank(alice);
        cluster.transferFrom(alice, alice, 1);
        assertEq(cluster.walletToTokenId(alice), 1);
        assertEq(cluster.instanceOf(1), address(0));
    }

    function test_namingTheSameInstanceAgainChangesNothing() public {
        mint(alice, nodeA);
        vm.prank(alice);
        cluster.assignInstance(1, nodeA);
        assertEq(cluster.seatsOf(nodeA), 1);
        vm.prank(alice);
        cluster.assignInstance(1, nodeB);
        assertEq(cluster.seatsOf(nodeA), 0);
        assertEq(cluster.seatsOf(nodeB), 1);
    }

    function test_onlyTheHolderNamesOrResigns() public {
        mint(alice, nodeA);
        bytes memory why =
            abi.encodeWithSelector(ClusterMembers.ClusterNotHolder.selector, stranger, 1);
        vm.startPrank(stranger);
        vm.expectRevert(why);
        cluster.assignInstance(1, nodeB);
        vm.expectRevert(why);
        cluster.resign(1);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 2));
        cluster.resign(2);
        vm.stopPrank();
    }

    function test_whoResignsIsGone() public {
        mint(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.NodeLeft(1, alice);
        vm.prank(alice);
        cluster.resign(1);
        assertEq(cluster.totalSupply(), 0);
        assertEq(cluster.walletToTokenId(alice), 0);
        assertEq(cluster.seatsOf(nodeA), 0);
        assertEq(mint(alice, nodeA), 2);
    }

    // Money

    function test_whatIsPaidBeyondThePriceIsOwed() public {
        openSale();
        vm.prank(alice);
        cluster.mintNodeAccess{value: 3 ether}(bob, "");
        assertEq(cluster.owed(alice), 2 ether);
        vm.prank(owner);
        cluster.mintNodeAccess{value: 1 ether}(carol, "");
        assertEq(cluster.owed(owner), 1 ether);
        vm.prank(alice);
        cluster.refund(payable(alice));
        assertEq(alice.balance, 99 ether);
    }

    function test_tooLittleIsRefused() public {
        openSale();
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterTooLittle.selector, PRICE - 1, PRICE)
        );
        vm.prank(alice);
        cluster.mintNodeAccess{value: PRICE - 1}(alice, "");
    }

    function test_aPriceIsEarnedAfterTheWindow() public {
        openSale();
        buy(alice, nodeA);
        uint256 earnedAt = block.timestamp + WINDOW;
        vm.warp(earnedAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterNotEarned.selector, 1, earnedAt)
        );
        cluster.collect(1);
        vm.warp(earnedAt);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.PriceEarned(1, PRICE);
        vm.prank(stranger);
        cluster.collect(1);
        assertEq(cluster.earnings(), PRICE);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterNothingPaid.selector, 1));
        cluster.collect(1);

        vm.expectEmit(address(cluster));
        emit PullPayments.Paid(owner, carol, PRICE);
        vm.prank(owner);
        cluster.withdraw(payable(carol));
        assertEq(carol.balance, 101 ether);
        assertEq(cluster.earnings(), 0);
    }

    function test_onlyTheOwnerWithdrawsAndOnlyWhatIsThere() public {
        vm.expectRevert(notOwner(stranger));
        vm.prank(stranger);
        cluster.withdraw(payable(stranger));
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterNothingEarned.selector));
        vm.prank(owner);
        cluster.withdraw(payable(owner));
    }

    function test_whoIsRevokedInTheWindowGetsAllBack() public {
        openSale();
        buy(alice, nodeA);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.NodeRevoked(1, alice, nodeA, "leaves the port open", PRICE);
        vm.prank(owner);
        cluster.revoke(1, "leaves the port open");
        assertEq(cluster.owed(alice), PRICE);
        assertEq(cluster.earnings(), 0);
        assertEq(cluster.totalSupply(), 0);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterNothingPaid.selector, 1));
        cluster.collect(1);
    }

    function test_theWindowEndsTheRefund() public {
        openSale();
        buy(alice, nodeA);
        vm.warp(block.timestamp + WINDOW);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.NodeRevoked(1, alice, nodeA, "", 0);
        vm.prank(owner);
        cluster.revoke(1, "");
        assertEq(cluster.owed(alice), 0);
        assertEq(cluster.earnings(), PRICE);
    }

    function test_whoResignsLeavesThePrice() public {
        openSale();
        buy(alice, nodeA);
        vm.prank(alice);
        cluster.resign(1);
        assertEq(cluster.owed(alice), 0);
        assertEq(cluster.earnings(), PRICE);
    }

    function test_theRefundIsTheHoldersOfNow() public {
        openSale();
        buy(alice, nodeA);
        vm.prank(alice);
        cluster.transferFrom(alice, bob, 1);
        vm.prank(owner);
        cluster.revoke(1, "");
        assertEq(cluster.owed(bob), PRICE);
        assertEq(cluster.owed(alice), 0);
    }

    function test_onlyTheOwnerRevokesWithAReasonOfSize() public {
        mint(alice, nodeA);
        vm.expectRevert(notOwner(stranger));
        vm.prank(stranger);
        cluster.revoke(1, "");
        string memory reason = string(new bytes(257));
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(ClusterMembers.ClusterReasonTooLong.selector, 257, 256)
        );
        cluster.revoke(1, reason);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 2));
        cluster.revoke(2, "");
        cluster.revoke(1, string(new bytes(256)));
        vm.stopPrank();
    }

    // What the KMS is told

    function boot(address instanceId) private view returns (IAppAuth.AppBootInfo memory info) {
        info.appId = address(cluster);
        info.composeHash = CODE;
        info.instanceId = instanceId;
        info.tcbStatus = "UpToDate";
        info.advisoryIds = new string[](2);
        info.advisoryIds[0] = "INTEL-SA-00001";
    }

    function check(IAppAuth.AppBootInfo memory info, string memory why) private view {
        (bool allowed, string memory reason) = cluster.isAppAllowed(info);
        assertEq(allowed, bytes(why).length == 0);
        assertEq(reason, why);
    }

    function test_anInstanceWithASeatAndTheCodeBoots() public {
        mint(alice, nodeA);
        check(boot(nodeA), "");
    }

    function test_anInstanceWithoutASeatDoesNotBoot() public {
        check(boot(nodeA), "no token names this instance");
        mint(alice, nodeA);
        vm.prank(owner);
        cluster.revoke(1, "");
        check(boot(nodeA), "no token names this instance");
    }

    function test_whereSeatsAreNotNeededTheCodeIsEnough() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.bootNeedsSeat = false;
        deploy(setup);
        check(boot(nodeA), "");
        assertFalse(rules.bootNeedsSeat());
    }

    function test_otherCodeOrAnotherAppDoesNotBoot() public {
        mint(alice, nodeA);
        IAppAuth.AppBootInfo memory info = boot(nodeA);
        info.composeHash = keccak256("other");
        check(info, "compose hash is not allowed");
        info = boot(nodeA);
        info.appId = address(rules);
        check(info, "app id is not this contract");
        pause();
        check(boot(nodeA), "paused by the guardian");
    }

    function test_aFederatedClusterBootsNothingItself() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.peer.appIds = new address[](2);
        (setup.peer.appIds[0], setup.peer.appIds[1]) = (makeAddr("app 1"), makeAddr("app 2"));
        deploy(setup);
        assertTrue(cluster.isFederated());
        assertTrue(cluster.isAppId(makeAddr("app 2")));
        assertFalse(cluster.isAppId(address(cluster)));
        mint(alice, nodeA);
        check(boot(nodeA), "the cluster's apps have rules of their own");
    }

    function test_codeChangesBehindNotice() public {
        mint(alice, nodeA);
        assertFalse(cluster.isFederated());
        bytes32 next = keccak256("next");
        vm.prank(owner);
        rules.proposeComposeHash(next);
        IAppAuth.AppBootInfo memory info = boot(nodeA);
        info.composeHash = next;
        check(info, "compose hash is not allowed");
        vm.warp(block.timestamp + 2 days);
        rules.activateComposeHash(next);
        check(info, "");
    }

    function test_theRulesAreReadAtTheClustersAddress() public {
        TimelockAppAuth here = TimelockAppAuth(address(cluster));
        assertTrue(here.allowedComposeHashes(CODE));
        assertEq(here.noticePeriod(), 2 days);
        assertEq(here.guardian(), guardian);
        assertEq(here.historyDigest(), rules.historyDigest());
        assertEq(here.historyLength(), rules.historyLength());
        vm.prank(owner);
        rules.proposeComposeHash(keccak256("next"));
        assertEq(here.activatesAt(keccak256("next")), block.timestamp + 2 days);
    }

    function test_theRulesAreNotChangedAtTheClustersAddress() public {
        vm.expectRevert();
        vm.prank(owner);
        TimelockAppAuth(address(cluster)).proposeComposeHash(keccak256("next"));
        vm.expectRevert();
        vm.prank(guardian);
        TimelockAppAuth(address(cluster)).pause();
        assertFalse(rules.paused());
    }

    function test_ownershipMovesInTwoSteps() public {
        vm.prank(owner);
        cluster.transferOwnership(alice);
        assertEq(cluster.owner(), owner);
        vm.prank(alice);
        cluster.acceptOwnership();
        assertEq(cluster.owner(), alice);
        assertEq(rules.owner(), owner);
    }
}
