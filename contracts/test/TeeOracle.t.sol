// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProvenKeys} from "../src/ProvenKeys.sol";
import {PullPayments} from "../src/PullPayments.sol";
import {SignatureChain} from "../src/SignatureChain.sol";
import {TeeOracle} from "../src/TeeOracle.sol";
import {OracleFixture} from "./OracleFixture.sol";

contract TeeOracleTest is OracleFixture {
    function setUp() public {
        prepare();
    }

    // Deployment

    function test_deploymentFixesRootAppAndAge() public view {
        assertEq(oracle.kmsRoot(), vm.addr(rootKey));
        assertEq(oracle.appId(), appId);
        assertEq(oracle.maxAge(), MAX_AGE);
        assertEq(oracle.lastRequestId(), 0);
    }

    function test_deploymentWithoutRootIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysZeroAddress.selector));
        new TeeOracle(address(0), appId, MAX_AGE);
    }

    function test_deploymentWithoutAppIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ProvenKeys.ProvenKeysZeroAddress.selector));
        new TeeOracle(vm.addr(rootKey), address(0), MAX_AGE);
    }

    function test_deploymentWithAnAgeOutOfRangeIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(TeeOracle.TeeOracleBadMaxAge.selector, 0));
        new TeeOracle(vm.addr(rootKey), appId, 0);
        vm.expectRevert(abi.encodeWithSelector(TeeOracle.TeeOracleBadMaxAge.selector, 30 days + 1));
        new TeeOracle(vm.addr(rootKey), appId, 30 days + 1);
        new TeeOracle(vm.addr(rootKey), appId, 30 days);
    }

    function test_digestIsTheOneOfEip712() public view {
        TeeOracle.Answer memory answer = answerTo(1);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("TeeOracle"),
                keccak256("1"),
                block.chainid,
                address(oracle)
            )
        );
        bytes32 typeHash = keccak256(
            "Answer(uint256 requestId,bytes32 feed,bytes32 sourcesHash,uint256 price,uint8 decimals,uint64 observedAt,uint64 deadline,address payee)"
        );
        bytes32 structHash = keccak256(bytes.concat(typeHash, abi.encode(answer)));
        assertEq(
            oracle.answerDigest(answer), keccak256(abi.encodePacked(hex"1901", domain, structHash))
        );
    }

    // Asking

    function test_requestIsKept() public {
        vm.expectEmit(address(oracle));
        emit TeeOracle.PriceRequested(
            1, requester, FEED, SOURCES, REWARD, block.timestamp + LIFETIME
        );
        uint256 id = ask();
        assertEq(id, 1);
        assertEq(oracle.lastRequestId(), 1);
        TeeOracle.Request memory asked = oracle.requests(id);
        assertEq(asked.requester, requester);
        assertEq(asked.createdAt, block.timestamp);
        assertEq(asked.expiresAt, block.timestamp + LIFETIME);
        assertEq(uint256(asked.status), uint256(TeeOracle.Status.OPEN));
        assertEq(asked.feed, FEED);
        assertEq(asked.sourcesHash, SOURCES);
        assertEq(asked.reward, REWARD);
        assertEq(address(oracle).balance, REWARD);
    }

    function test_requestWithoutFeedIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(TeeOracle.TeeOracleZeroFeed.selector));
        oracle.request(0, SOURCES, LIFETIME);
    }

    function test_requestWithALifetimeOutOfRangeIsRefused() public {
        uint256[2] memory lifetimes = [uint256(1 minutes - 1), 30 days + 1];
        for (uint256 i = 0; i < lifetimes.length; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    TeeOracle.TeeOracleBadLifetime.selector, lifetimes[i], 1 minutes, 30 days
                )
            );
            oracle.request(FEED, SOURCES, lifetimes[i]);
        }
        oracle.request(FEED, SOURCES, 1 minutes);
        oracle.request(FEED, SOURCES, 30 days);
    }

    // Answering

    function test_anAnswerPaysItsPayeeAndMakesARound() public {
        uint256 id = ask();
        TeeOracle.Answer memory answer = answerTo(id);
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory proof = chain();

        vm.expectEmit(address(oracle));
        emit ProvenKeys.KeyProven(appId, vm.addr(oracleKey));
        vm.expectEmit(address(oracle));
        emit PullPayments.Credited(node, REWARD);
        vm.expectEmit(address(oracle));
        emit TeeOracle.PriceFulfilled(
            id, FEED, vm.addr(oracleKey), answer.price, 2, answer.observedAt, SOURCES, node
        );
        vm.expectEmit(address(oracle));
        emit TeeOracle.RoundUpdated(FEED, 1, answer.price, 2, answer.observedAt, SOURCES);
        vm.prank(stranger);
        oracle.fulfill(answer, signature, proof);

        assertEq(oracle.owed(node), REWARD);
        assertEq(oracle.owed(stranger), 0);
        assertEq(uint256(oracle.requests(id).status), uint256(TeeOracle.Status.FULFILLED));
        TeeOracle.Round memory round = oracle.latest(FEED);
        assertEq(round.id, 1);
        assertEq(round.price, answer.price);
        assertEq(round.decimals, 2);
        assertEq(round.observedAt, answer.observedAt);
        assertEq(round.updatedAt, block.timestamp);
        assertEq(round.sourcesHash, SOURCES);
    }

    function test_aKnownKeyNeedsNoChain() public {
        deliver(answerTo(ask()));
        assertTrue(oracle.isProven(appId, vm.addr(oracleKey)));
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory none;
        oracle.fulfill(answer, signature, none);
        assertEq(oracle.owed(node), 2 * REWARD);
    }

    function test_aRequestForAnySourcesTakesAny() public {
        TeeOracle.Answer memory answer = answerTo(ask(FEED, 0));
        answer.sourcesHash = keccak256("whichever");
        deliver(answer);
        assertEq(oracle.latest(FEED).sourcesHash, answer.sourcesHash);
    }

    function test_anAnswerWithoutARewardOwesNothing() public {
        uint256 id = oracle.request(FEED, SOURCES, LIFETIME);
        deliver(answerTo(id));
        assertEq(oracle.owed(node), 0);
    }

    function test_theLastMomentsAreTaken() public {
        uint256 id = ask();
        vm.warp(block.timestamp + LIFETIME);
        TeeOracle.Answer memory answer = answerTo(id);
        answer.observedAt = uint64(block.timestamp - MAX_AGE);
        answer.deadline = uint64(block.timestamp);
        answer.decimals = 36;
        deliver(answer);
        assertEq(oracle.owed(node), REWARD);
    }

    function test_anAnswerWithoutAPriceIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.price = 0;
        refuse(answer, abi.encodeWithSelector(TeeOracle.TeeOracleZeroPrice.selector));
    }

    function test_anAnswerWithTooManyDecimalsIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.decimals = 37;
        refuse(answer, abi.encodeWithSelector(TeeOracle.TeeOracleTooManyDecimals.selector, 37, 36));
    }

    function test_anAnswerWithoutAPayeeIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.payee = address(0);
        refuse(answer, abi.encodeWithSelector(TeeOracle.TeeOracleNoPayee.selector));
    }

    // Refunds and withdrawals

    function test_anExpiredRequestIsRefunded() public {
        uint256 id = ask();
        vm.warp(block.timestamp + LIFETIME + 1);
        vm.expectEmit(address(oracle));
        emit PullPayments.Credited(requester, REWARD);
        vm.expectEmit(address(oracle));
        emit TeeOracle.RequestRefunded(id, requester, REWARD);
        vm.prank(stranger);
        oracle.refund(id);
        assertEq(oracle.owed(requester), REWARD);
        assertEq(uint256(oracle.requests(id).status), uint256(TeeOracle.Status.REFUNDED));
    }

    function test_aRequestThatLivesIsNotRefunded() public {
        uint256 id = ask();
        uint256 expiresAt = block.timestamp + LIFETIME;
        vm.warp(expiresAt);
        vm.expectRevert(
            abi.encodeWithSelector(TeeOracle.TeeOracleNotExpired.selector, id, expiresAt)
        );
        oracle.refund(id);
    }

    function test_whatIsOwedIsPaidOnce() public {
        deliver(answerTo(ask()));
        address payable to = payable(makeAddr("purse"));
        vm.expectEmit(address(oracle));
        emit PullPayments.Paid(node, to, REWARD);
        vm.prank(node);
        oracle.withdraw(to);
        assertEq(to.balance, REWARD);
        assertEq(oracle.owed(node), 0);
        vm.expectRevert(abi.encodeWithSelector(PullPayments.PullPaymentsNothingOwed.selector, node));
        vm.prank(node);
        oracle.withdraw(to);
    }

    function test_nothingIsPaidToTheZeroAddress() public {
        deliver(answerTo(ask()));
        vm.expectRevert(abi.encodeWithSelector(PullPayments.PullPaymentsNoPayee.selector));
        vm.prank(node);
        oracle.withdraw(payable(address(0)));
        assertEq(oracle.owed(node), REWARD);
    }

    // Reading

    function test_aFeedWithoutARoundHasNoLatest() public {
        vm.expectRevert(abi.encodeWithSelector(TeeOracle.TeeOracleNoRound.selector, FEED));
        oracle.latest(FEED);
        assertEq(oracle.latestAtAnyAge(FEED).id, 0);
    }

    function test_anOldRoundIsNotLatest() public {
        deliver(answerTo(ask()));
        uint256 observedAt = block.timestamp;
        vm.warp(observedAt + MAX_AGE);
        assertEq(oracle.latest(FEED).id, 1);
        vm.warp(observedAt + MAX_AGE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                TeeOracle.TeeOracleStale.selector, FEED, observedAt, observedAt + 1
            )
        );
        oracle.latest(FEED);
        assertEq(oracle.latestAtAnyAge(FEED).id, 1);
    }

    function test_aReaderMaySetItsOwnAge() public {
        deliver(answerTo(ask()));
        uint256 observedAt = block.timestamp;
        vm.warp(observedAt + 60);
        assertEq(oracle.latest(FEED, 60).id, 1);
        assertEq(oracle.latest(FEED, type(uint256).max).id, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                TeeOracle.TeeOracleStale.selector, FEED, observedAt, observedAt + 1
            )
        );
        oracle.latest(FEED, 59);
    }

    function test_aLateAnswerIsPaidButDisplacesNoNewerPrice() public {
        uint256 first = ask();
        uint256 second = ask();
        TeeOracle.Answer memory older = answerTo(first);
        vm.warp(block.timestamp + 60);
        TeeOracle.Answer memory newer = answerTo(second);
        newer.price = 1;
        deliver(newer);
        deliver(older);
        assertEq(oracle.owed(node), 2 * REWARD);
        assertEq(oracle.latest(FEED).id, 1);
        assertEq(oracle.latest(FEED).price, 1);
    }

    function test_roundsAreCountedByFeed() public {
        deliver(answerTo(ask()));
        bytes32 other = keccak256("ETH-USD");
        TeeOracle.Answer memory answer = answerTo(ask(other, SOURCES));
        answer.feed = other;
        deliver(answer);
        vm.warp(block.timestamp + 1);
        deliver(answerTo(ask()));
        assertEq(oracle.latest(FEED).id, 2);
        assertEq(oracle.latest(other).id, 1);
    }

    function test_aRoundStandsAtItsDocumentedSlots() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        deliver(answer);
        uint256 slot = uint256(keccak256(abi.encode(FEED, uint256(5))));
        uint256 word = uint256(vm.load(address(oracle), bytes32(slot)));
        assertEq(uint80(word), 1);
        assertEq(uint40(word >> 80), answer.observedAt);
        assertEq(uint40(word >> 120), block.timestamp);
        assertEq(uint8(word >> 160), 2);
        assertEq(word >> 168, 0);
        assertEq(uint256(vm.load(address(oracle), bytes32(slot + 1))), answer.price);
        assertEq(vm.load(address(oracle), bytes32(slot + 2)), SOURCES);
    }

    // Verifying without a request

    function test_verifyAndLogTellsWhoSigned() public {
        TeeOracle.Answer memory answer = answerTo(77);
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory proof = chain();
        vm.expectEmit(address(oracle));
        emit ProvenKeys.KeyProven(appId, vm.addr(oracleKey));
        vm.expectEmit(address(oracle));
        emit TeeOracle.AnswerVerified(
            oracle.answerDigest(answer),
            FEED,
            vm.addr(oracleKey),
            77,
            answer.price,
            2,
            answer.observedAt,
            SOURCES
        );
        assertEq(oracle.verifyAndLog(answer, signature, proof), vm.addr(oracleKey));
        assertEq(oracle.latestAtAnyAge(FEED).id, 0);
    }

    function test_verifyTakesAnOldAnswerAndRemembersNothing() public {
        TeeOracle.Answer memory answer = answerTo(77);
        bytes memory signature = sign(answer);
        vm.warp(block.timestamp + 365 days);
        assertEq(oracle.verify(answer, signature, chain()), vm.addr(oracleKey));
        assertFalse(oracle.isProven(appId, vm.addr(oracleKey)));
    }

    function test_verifyOfAKnownKeyNeedsNoChain() public {
        deliver(answerTo(ask()));
        TeeOracle.Answer memory answer = answerTo(77);
        SignatureChain.Proof memory none;
        assertEq(oracle.verify(answer, sign(answer), none), vm.addr(oracleKey));
    }

    // Whatever comes

    function testFuzz_onlyRequestsWithinRangeAreTaken(bytes32 feed, bytes32 sources, uint256 life)
        public
    {
        bool taken = feed != 0 && life >= 1 minutes && life <= 30 days;
        try oracle.request(feed, sources, life) returns (uint256 id) {
            assertTrue(taken);
            assertEq(oracle.requests(id).expiresAt, block.timestamp + life);
        } catch {
            assertFalse(taken);
        }
    }

    function testFuzz_anAnswerIsTakenExactlyIfItIsInTime(
        uint64 observedAt,
        uint64 deadline,
        uint32 passed
    ) public {
        uint256 id = ask();
        uint256 askedAt = block.timestamp;
        vm.warp(askedAt + bound(passed, 0, LIFETIME + 10));
        TeeOracle.Answer memory answer = answerTo(id);
        answer.observedAt = uint64(bound(observedAt, askedAt - 10, block.timestamp + 10));
        answer.deadline = uint64(bound(deadline, block.timestamp - 10, block.timestamp + 10));
        bool inTime = answer.observedAt >= askedAt && answer.observedAt <= block.timestamp
            && answer.observedAt + MAX_AGE >= block.timestamp && answer.deadline >= block.timestamp
            && block.timestamp <= askedAt + LIFETIME;
        try oracle.fulfill(answer, sign(answer), chain()) {
            assertTrue(inTime);
            assertEq(oracle.owed(node), REWARD);
        } catch {
            assertFalse(inTime);
            assertEq(oracle.owed(node), 0);
        }
    }

    function testFuzz_anyPriceAndDecimalsComeBackAsSigned(
        uint256 price,
        uint8 decimals,
        bytes32 sources
    ) public {
        TeeOracle.Answer memory answer = answerTo(ask(FEED, 0));
        answer.price = bound(price, 1, type(uint256).max);
        answer.decimals = uint8(bound(decimals, 0, 36));
        answer.sourcesHash = sources;
        deliver(answer);
        TeeOracle.Round memory round = oracle.latest(FEED);
        assertEq(round.price, answer.price);
        assertEq(round.decimals, answer.decimals);
        assertEq(round.sourcesHash, sources);
    }
}
