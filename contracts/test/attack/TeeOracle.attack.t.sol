// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ProvenKeys} from "../../src/ProvenKeys.sol";
import {PullPayments} from "../../src/PullPayments.sol";
import {SignatureChain} from "../../src/SignatureChain.sol";
import {TeeOracle} from "../../src/TeeOracle.sol";
import {OracleFixture} from "../OracleFixture.sol";

/// @dev A payee that tries to be paid twice.
contract Reentrant {
    TeeOracle private immutable _oracle;
    bool public reentered;

    constructor(TeeOracle oracle_) {
        _oracle = oracle_;
    }

    function take() external {
        _oracle.withdraw(payable(address(this)));
    }

    receive() external payable {
        try _oracle.withdraw(payable(address(this))) {
            reentered = true;
        } catch {}
    }
}

/// @dev A requester that cannot be paid.
contract Refusing {
    error Refused();

    function ask(TeeOracle oracle, bytes32 feed) external payable returns (uint256) {
        return oracle.request{value: msg.value}(feed, 0, 1 minutes);
    }

    function take(TeeOracle oracle) external {
        oracle.withdraw(payable(address(this)));
    }

    receive() external payable {
        revert Refused();
    }
}

/// @notice Ways to cheat the oracle, each of which fails.
contract TeeOracleAttack is OracleFixture {
    function setUp() public {
        prepare();
    }

    function notOpen(uint256 id, TeeOracle.Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(TeeOracle.TeeOracleNotOpen.selector, id, status);
    }

    function otherSigner(address proven, TeeOracle.Answer memory answer, bytes memory signature)
        private
        view
        returns (bytes memory)
    {
        address signer = SignatureChain.recover(oracle.answerDigest(answer), signature);
        return abi.encodeWithSelector(ProvenKeys.ProvenKeysOtherSigner.selector, signer, proven);
    }

    /// @dev Show `proven`'s signature and chain with an answer that it does not fit.
    function refuseSigned(TeeOracle.Answer memory answer, bytes memory signature) private {
        SignatureChain.Proof memory proof = chain();
        bytes memory why = otherSigner(vm.addr(oracleKey), answer, signature);
        vm.expectRevert(why);
        oracle.fulfill(answer, signature, proof);
    }

    // Replay: upstream's signature names neither request nor contract nor chain

    function test_oneAnswerServesOneRequest() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        deliver(answer);
        refuse(answer, notOpen(answer.requestId, TeeOracle.Status.FULFILLED));
        assertEq(oracle.owed(node), REWARD);
    }

    function test_anAnswerDoesNotServeTheNextRequest() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = sign(answer);
        answer.requestId = ask();
        refuseSigned(answer, signature);
    }

    function test_anAnswerDoesNotServeAnotherContract() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        TeeOracle other = new TeeOracle(vm.addr(rootKey), appId, MAX_AGE);
        bytes memory signature = signBare(oracleKey, other.answerDigest(answer));
        refuseSigned(answer, signature);
    }

    function test_anAnswerDoesNotServeAnotherChain() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = sign(answer);
        vm.chainId(block.chainid + 1);
        refuseSigned(answer, signature);
    }

    function test_anAnswerToNoRequestIsRefused() public {
        refuse(answerTo(0), notOpen(0, TeeOracle.Status.NONE));
        refuse(answerTo(1), notOpen(1, TeeOracle.Status.NONE));
    }

    // Editing what was signed

    function testFuzz_noSignedFieldCanBeEdited(uint256 field, uint256 value) public {
        TeeOracle.Answer memory answer = answerTo(ask(FEED, 0));
        bytes memory signature = sign(answer);
        bytes32 before = oracle.answerDigest(answer);
        field = field % 5;
        if (field == 0) answer.price = bound(value, 1, type(uint256).max);
        else if (field == 1) answer.decimals = uint8(bound(value, 0, 36));
        else if (field == 2) answer.sourcesHash = bytes32(value);
        else if (field == 3) answer.payee = address(uint160(bound(value, 1, type(uint160).max)));
        else answer.deadline = uint64(bound(value, block.timestamp, type(uint64).max));
        vm.assume(oracle.answerDigest(answer) != before);
        refuseSigned(answer, signature);
    }

    function test_theObservedTimeCannotBeEdited() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = sign(answer);
        vm.warp(block.timestamp + 1);
        answer.observedAt += 1;
        refuseSigned(answer, signature);
    }

    function test_whoSeesAnAnswerInFlightCannotTakeItsReward() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory proof = chain();
        vm.prank(stranger);
        oracle.fulfill(answer, signature, proof);
        assertEq(oracle.owed(stranger), 0);
        assertEq(oracle.owed(node), REWARD);
    }

    // Another feed, other sources, another time

    function test_anAnswerForAnotherFeedIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.feed = keccak256("DOGE-USD");
        refuse(
            answer, abi.encodeWithSelector(TeeOracle.TeeOracleOtherFeed.selector, FEED, answer.feed)
        );
    }

    function test_anAnswerFromOtherSourcesIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.sourcesHash = keccak256("a source of the operator's");
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleOtherSources.selector, SOURCES, answer.sourcesHash
            )
        );
    }

    function test_aPriceFromBeforeTheQuestionIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.observedAt -= 1;
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleTooEarly.selector, block.timestamp - 1, block.timestamp
            )
        );
    }

    function test_aPriceFromTheFutureIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.observedAt += 1;
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleFromFuture.selector, block.timestamp + 1, block.timestamp
            )
        );
    }

    function test_aPriceThatWasHeldBackIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.deadline = type(uint64).max;
        vm.warp(block.timestamp + MAX_AGE + 1);
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleTooOld.selector, answer.observedAt, block.timestamp - MAX_AGE
            )
        );
    }

    function test_anAnswerPastItsDeadlineIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        vm.warp(answer.deadline + 1);
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleTooLate.selector, answer.deadline, block.timestamp
            )
        );
    }

    function test_anAnswerToAnExpiredRequestIsRefused() public {
        uint256 id = ask();
        uint256 expiresAt = block.timestamp + LIFETIME;
        vm.warp(expiresAt + 1);
        refuse(
            answerTo(id), abi.encodeWithSelector(TeeOracle.TeeOracleExpired.selector, id, expiresAt)
        );
    }

    function test_anExtremeObservedTimeDoesNotWrap() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.observedAt = type(uint64).max;
        refuse(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleFromFuture.selector, type(uint64).max, block.timestamp
            )
        );
    }

    // Being paid twice

    function test_aFulfilledRequestIsNotRefunded() public {
        uint256 id = ask();
        deliver(answerTo(id));
        vm.warp(block.timestamp + LIFETIME + 1);
        vm.expectRevert(notOpen(id, TeeOracle.Status.FULFILLED));
        oracle.refund(id);
    }

    function test_aRefundedRequestIsNotFulfilledNorRefundedAgain() public {
        uint256 id = ask();
        vm.warp(block.timestamp + LIFETIME + 1);
        oracle.refund(id);
        vm.expectRevert(notOpen(id, TeeOracle.Status.REFUNDED));
        oracle.refund(id);
        refuse(answerTo(id), notOpen(id, TeeOracle.Status.REFUNDED));
        assertEq(oracle.owed(requester), REWARD);
        assertEq(oracle.owed(node), 0);
    }

    function test_aPayeeThatCallsBackIsPaidOnce() public {
        ask();
        Reentrant payee = new Reentrant(oracle);
        TeeOracle.Answer memory answer = answerTo(ask());
        answer.payee = address(payee);
        deliver(answer);
        payee.take();
        assertFalse(payee.reentered());
        assertEq(address(payee).balance, REWARD);
        assertEq(address(oracle).balance, REWARD);
    }

    function test_aRequesterThatCannotBePaidStopsNobody() public {
        Refusing refusing = new Refusing();
        uint256 id = refusing.ask{value: 1 ether}(oracle, FEED);
        deliver(answerTo(ask()));
        vm.warp(block.timestamp + 1 minutes + 1);
        oracle.refund(id);
        vm.expectRevert(abi.encodeWithSelector(Refusing.Refused.selector));
        refusing.take(oracle);
        assertEq(oracle.owed(address(refusing)), 1 ether);
        vm.prank(node);
        oracle.withdraw(payable(node));
        assertEq(node.balance, REWARD);
    }

    function test_whoIsOwedNothingTakesNothing() public {
        ask();
        vm.expectRevert(
            abi.encodeWithSelector(PullPayments.PullPaymentsNothingOwed.selector, stranger)
        );
        vm.prank(stranger);
        oracle.withdraw(payable(stranger));
    }

    // Another signer

    function test_aKeyOutsideTheChainIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        refuseSigned(answer, signBare(makeKey("attacker"), oracle.answerDigest(answer)));
    }

    function test_aForgedAppSignatureIsRefused() public {
        // What upstream's cluster took: its check never compared who signed the first link.
        uint256 attacker = makeKey("attacker");
        TeeOracle.Answer memory answer = answerTo(ask());
        SignatureChain.Proof memory proof = makeProof(rootKey, appId, appKey, attacker, "oracle");
        proof.appSignature =
            signBare(attacker, SignatureChain.appDigest("oracle", proof.derivedPubKey));
        refuseChain(
            answer,
            attacker,
            proof,
            abi.encodeWithSelector(
                SignatureChain.SignatureChainAppKeyMismatch.selector,
                vm.addr(attacker),
                vm.addr(appKey)
            )
        );
    }

    function test_anotherAppOfTheSameRootIsRefused() public {
        uint256 attacker = makeKey("attacker");
        address otherApp = makeAddr("attacker's app");
        SignatureChain.Proof memory proof =
            makeProof(rootKey, otherApp, makeKey("attacker's app key"), attacker, "oracle");
        address recovered = SignatureChain.recover(
            SignatureChain.kmsDigest(appId, proof.appPubKey), proof.kmsSignature
        );
        refuseChain(
            answerTo(ask()),
            attacker,
            proof,
            abi.encodeWithSelector(
                SignatureChain.SignatureChainNotFromRoot.selector, recovered, vm.addr(rootKey)
            )
        );
    }

    function test_anotherRootIsRefused() public {
        uint256 attacker = makeKey("attacker");
        refuseChain(
            answerTo(ask()),
            attacker,
            makeProof(attacker, appId, makeKey("a"), attacker, "oracle"),
            abi.encodeWithSelector(
                SignatureChain.SignatureChainNotFromRoot.selector,
                vm.addr(attacker),
                vm.addr(rootKey)
            )
        );
    }

    function test_anEmptyChainProvesNothing() public {
        SignatureChain.Proof memory none;
        refuseChain(
            answerTo(ask()),
            oracleKey,
            none,
            abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, "")
        );
    }

    function test_aUsersKeyOfTheSameAppIsRefused() public {
        // The wallet signs typed data for whoever owns the key, also typed data that is an answer.
        uint256 user = makeKey("a user of the wallet");
        refuseChain(
            answerTo(ask()),
            user,
            makeProof(rootKey, appId, appKey, user, "ethereum"),
            abi.encodeWithSelector(ProvenKeys.ProvenKeysWrongPurpose.selector, "ethereum")
        );
    }

    function refuseChain(
        TeeOracle.Answer memory answer,
        uint256 key,
        SignatureChain.Proof memory proof,
        bytes memory why
    ) private {
        bytes memory signature = signBare(key, oracle.answerDigest(answer));
        vm.expectRevert(why);
        oracle.fulfill(answer, signature, proof);
        vm.expectRevert(why);
        oracle.verify(answer, signature, proof);
        vm.expectRevert(why);
        oracle.verifyAndLog(answer, signature, proof);
    }

    function test_theOtherSignatureOfTheSameKeyIsRefused() public {
        TeeOracle.Answer memory answer = answerTo(ask());
        bytes memory signature = malleable(sign(answer));
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert(
            abi.encodeWithSelector(SignatureChain.SignatureChainBadSignature.selector, signature)
        );
        oracle.fulfill(answer, signature, proof);
    }

    function malleable(bytes memory signature) private pure returns (bytes memory) {
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 r;
        uint256 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        return abi.encodePacked(r, order - s, uint8(signature[64]) ^ 1);
    }

    function testFuzz_noiseIsNoSignature(bytes calldata noise) public {
        TeeOracle.Answer memory answer = answerTo(ask());
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert();
        oracle.fulfill(answer, noise, proof);
        assertEq(oracle.owed(node), 0);
    }

    // The log is no way in

    function test_verifyAndLogPaysNothingAndChangesNoRound() public {
        uint256 id = ask();
        TeeOracle.Answer memory answer = answerTo(id);
        oracle.verifyAndLog(answer, sign(answer), chain());
        assertEq(oracle.owed(node), 0);
        assertEq(oracle.latestAtAnyAge(FEED).id, 0);
        assertEq(uint256(oracle.requests(id).status), uint256(TeeOracle.Status.OPEN));
    }

    function test_verifyAndLogRefusesWhatMayNotBeActedOn() public {
        TeeOracle.Answer memory answer = answerTo(1);
        answer.price = 0;
        refuseLog(answer, abi.encodeWithSelector(TeeOracle.TeeOracleZeroPrice.selector));
        answer = answerTo(1);
        vm.warp(block.timestamp + 5 minutes + 1);
        refuseLog(
            answer,
            abi.encodeWithSelector(
                TeeOracle.TeeOracleTooLate.selector, answer.deadline, block.timestamp
            )
        );
    }

    function refuseLog(TeeOracle.Answer memory answer, bytes memory why) private {
        bytes memory signature = sign(answer);
        SignatureChain.Proof memory proof = chain();
        vm.expectRevert(why);
        oracle.verifyAndLog(answer, signature, proof);
    }
}
