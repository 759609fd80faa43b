// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {DstackClusterNFT} from "../src/DstackClusterNFT.sol";
import {PullPayments} from "../src/PullPayments.sol";
import {ClusterBallot, IBallotCluster} from "../src/cluster/ClusterBallot.sol";
import {ClusterMembers} from "../src/cluster/ClusterMembers.sol";
import {ClusterFixture} from "./ClusterFixture.sol";

contract ClusterBallotTest is ClusterFixture {
    address private _applicant = makeAddr("applicant");

    /// @dev Alice, Bob and Carol are the founders; nobody else decides.
    function setUp() public {
        prepare();
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.member.ownerAdmits = false;
        setup.founders = new address[](3);
        (setup.founders[0], setup.founders[1], setup.founders[2]) = (alice, bob, carol);
        deploy(setup);
        vm.prank(owner);
        cluster.setMintingPolicy(PRICE, false);
        vm.deal(_applicant, 10 ether);
    }

    function file() private returns (uint256) {
        vm.prank(_applicant);
        return ballot.applyForNode{value: PRICE}(_applicant, hexOf(nodeA));
    }

    function vote(address holder, uint256 id, bool support) private {
        uint256 tokenId = cluster.walletToTokenId(holder);
        vm.prank(holder);
        ballot.vote(id, tokenId, support);
    }

    function refuseVote(address holder, uint256 id, bytes memory why) private {
        uint256 tokenId = cluster.walletToTokenId(holder);
        vm.expectRevert(why);
        vm.prank(holder);
        ballot.vote(id, tokenId, true);
    }

    function test_deploymentFixesTheRules() public view {
        assertEq(address(ballot.cluster()), address(cluster));
        assertEq(ballot.quorum(), QUORUM);
        assertEq(ballot.votingPeriod(), PERIOD);
    }

    function test_rulesOutOfRangeAreRefused() public {
        IBallotCluster c = IBallotCluster(address(cluster));
        uint256[2] memory quorums = [uint256(0), 10_001];
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(ClusterBallot.BallotBadQuorum.selector, quorums[i], 10_000)
            );
            new ClusterBallot(c, quorums[i], PERIOD);
        }
        uint256[2] memory periods = [uint256(59), 365 days + 1];
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ClusterBallot.BallotBadPeriod.selector, periods[i], 1 minutes, 365 days
                )
            );
            new ClusterBallot(c, QUORUM, periods[i]);
        }
        new ClusterBallot(c, 10_000, 365 days);
    }

    function test_anApplicationIsKept() public {
        vm.expectEmit(address(ballot));
        emit ClusterBallot.Applied(
            1, _applicant, _applicant, nodeA, PRICE, block.timestamp + PERIOD
        );
        assertEq(file(), 1);
        ClusterBallot.Application memory a = ballot.applications(1);
        assertEq(a.candidate, _applicant);
        assertEq(a.payer, _applicant);
        assertEq(a.instanceId, nodeA);
        assertEq(a.endsAt, block.timestamp + PERIOD);
        assertEq(a.electorate, 3);
        assertEq(a.lastVoter, 3);
        assertEq(a.deposit, PRICE);
    }

    function test_whatIsPaidBeyondThePriceIsOwed() public {
        vm.prank(_applicant);
        ballot.applyForNode{value: 3 ether}(_applicant, "");
        assertEq(ballot.owed(_applicant), 2 ether);
        assertEq(ballot.applications(1).instanceId, address(0));
    }

    function test_applicationsThatCannotWorkAreRefused() public {
        vm.startPrank(_applicant);
        vm.expectRevert(abi.encodeWithSelector(ClusterBallot.BallotNoCandidate.selector));
        ballot.applyForNode{value: PRICE}(address(0), "");
        vm.expectRevert(
            abi.encodeWithSelector(ClusterBallot.BallotTooLittle.selector, PRICE - 1, PRICE)
        );
        ballot.applyForNode{value: PRICE - 1}(_applicant, "");
        vm.expectRevert(abi.encodeWithSelector(ClusterBallot.BallotBadInstanceId.selector, "node1"));
        ballot.applyForNode{value: PRICE}(_applicant, "node1");
        vm.stopPrank();
    }

    function test_aVoteThatIsWonAdmits() public {
        uint256 id = file();
        vm.expectEmit(address(ballot));
        emit ClusterBallot.Voted(id, 1, true);
        vote(alice, id, true);
        vote(bob, id, true);
        vote(carol, id, false);
        vm.warp(block.timestamp + PERIOD + 1);
        vm.expectEmit(address(cluster));
        emit ClusterMembers.NodeAdmitted(4, _applicant, PRICE);
        vm.expectEmit(address(ballot));
        emit ClusterBallot.Admitted(id, 4);
        vm.prank(stranger);
        ballot.settle(id);
        assertEq(cluster.ownerOf(4), _applicant);
        assertEq(cluster.instanceOf(4), nodeA);
        assertEq(address(cluster).balance, PRICE);
        (uint256 paid,) = cluster.paymentOf(4);
        assertEq(paid, PRICE, "refunded if revoked in the window");
        assertEq(ballot.applications(id).candidate, address(0));
    }

    function test_aVoteThatIsLostGivesTheDepositBack() public {
        uint256 id = file();
        vote(alice, id, true);
        vote(bob, id, false);
        vm.warp(block.timestamp + PERIOD + 1);
        vm.expectEmit(address(ballot));
        emit PullPayments.Credited(_applicant, PRICE);
        vm.expectEmit(address(ballot));
        emit ClusterBallot.Rejected(id);
        ballot.settle(id);
        assertEq(cluster.totalSupply(), 3);
        vm.prank(_applicant);
        ballot.refund(payable(_applicant));
        assertEq(_applicant.balance, 10 ether);
    }

    function test_aVoteWithoutQuorumIsLost() public {
        uint256 id = file();
        vote(alice, id, true);
        vm.warp(block.timestamp + PERIOD + 1);
        ballot.settle(id);
        assertEq(cluster.walletToTokenId(_applicant), 0);
        assertEq(ballot.owed(_applicant), PRICE);
    }

    function test_votesAreTakenToTheLastSecondAndCountedAfter() public {
        uint256 id = file();
        uint256 endsAt = block.timestamp + PERIOD;
        vm.warp(endsAt);
        vote(alice, id, true);
        vm.expectRevert(abi.encodeWithSelector(ClusterBallot.BallotNotOver.selector, id, endsAt));
        ballot.settle(id);
        vm.warp(endsAt + 1);
        refuseVote(bob, id, abi.encodeWithSelector(ClusterBallot.BallotOver.selector, id, endsAt));
    }

    function test_anApplicationIsTakenBackByItsPayerOnly() public {
        uint256 id = file();
        vm.expectRevert(
            abi.encodeWithSelector(ClusterBallot.BallotNotPayer.selector, stranger, _applicant)
        );
        vm.prank(stranger);
        ballot.withdrawApplication(id);
        vm.expectEmit(address(ballot));
        emit ClusterBallot.Withdrawn(id);
        vm.prank(_applicant);
        ballot.withdrawApplication(id);
        assertEq(ballot.owed(_applicant), PRICE);
        noApplication(id);
    }

    function noApplication(uint256 id) private {
        bytes memory why = abi.encodeWithSelector(ClusterBallot.BallotNoApplication.selector, id);
        vm.expectRevert(why);
        vm.prank(alice);
        ballot.vote(id, 1, true);
        vm.expectRevert(why);
        ballot.settle(id);
        vm.expectRevert(why);
        vm.prank(_applicant);
        ballot.withdrawApplication(id);
    }

    function test_whatIsSettledIsOver() public {
        uint256 id = file();
        vm.warp(block.timestamp + PERIOD + 1);
        ballot.settle(id);
        noApplication(id);
        noApplication(99);
        assertEq(ballot.owed(_applicant), PRICE);
    }

    function test_aFullClusterLeavesTheDepositToItsPayer() public {
        uint256 id = file();
        vote(alice, id, true);
        vote(bob, id, true);
        vm.prank(owner);
        cluster.setClusterConfig(3, 2);
        vm.warp(block.timestamp + PERIOD + 1);
        vm.expectRevert(abi.encodeWithSelector(ClusterMembers.ClusterFull.selector, 3));
        ballot.settle(id);
        vm.prank(_applicant);
        ballot.withdrawApplication(id);
        assertEq(ballot.owed(_applicant), PRICE);
    }

    // Ways to cheat

    function test_nobodyVotesTwiceNorForAnother() public {
        uint256 id = file();
        vote(alice, id, true);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ClusterBallot.BallotVotedAlready.selector, id, 1));
        ballot.vote(id, 1, true);
        vm.expectRevert(abi.encodeWithSelector(ClusterBallot.BallotNotHolder.selector, alice, 2));
        ballot.vote(id, 2, true);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        ballot.vote(id, 9, true);
        vm.stopPrank();
    }

    function test_aTokenThatWasSoldDoesNotVoteAgain() public {
        uint256 id = file();
        vote(alice, id, true);
        vm.prank(alice);
        cluster.transferFrom(alice, stranger, 1);
        refuseVote(
            stranger, id, abi.encodeWithSelector(ClusterBallot.BallotVotedAlready.selector, id, 1)
        );
    }

    function test_tokensMadeForAVoteDoNotVote() public {
        uint256 id = file();
        vm.prank(owner);
        cluster.setMintingPolicy(0, true);
        vm.prank(stranger);
        cluster.mintNodeAccess(stranger, "");
        refuseVote(
            stranger, id, abi.encodeWithSelector(ClusterBallot.BallotTokenTooNew.selector, 4, 3)
        );
    }

    function test_anEmptyElectorateAdmitsNobody() public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        deploy(setup);
        vm.prank(stranger);
        uint256 id = ballot.applyForNode(stranger, "");
        vm.warp(block.timestamp + PERIOD + 1);
        ballot.settle(id);
        assertEq(cluster.totalSupply(), 0);
    }

    function testFuzz_admissionIsByQuorumAndMajority(uint8 choices, uint16 quorum) public {
        DstackClusterNFT.Setup memory setup = makeSetup();
        setup.founders = new address[](4);
        for (uint256 i = 0; i < 4; i++) {
            setup.founders[i] = makeAddr(vm.toString(i));
        }
        uint256 least = bound(quorum, 1, 10_000);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        setup.ballot = new ClusterBallot(IBallotCluster(next), least, PERIOD);
        cluster = new DstackClusterNFT(setup);
        ballot = setup.ballot;
        vm.prank(_applicant);
        uint256 id = ballot.applyForNode(_applicant, "");
        uint256 forIt;
        uint256 against;
        for (uint256 i = 0; i < 4; i++) {
            uint256 choice = (choices >> (2 * i)) & 3;
            if (choice > 1) continue;
            vote(makeAddr(vm.toString(i)), id, choice == 1);
            if (choice == 1) forIt++;
            else against++;
        }
        vm.warp(block.timestamp + PERIOD + 1);
        ballot.settle(id);
        bool won = (forIt + against) * 10_000 >= least * 4 && forIt > against;
        assertEq(cluster.walletToTokenId(_applicant) != 0, won);
    }
}
