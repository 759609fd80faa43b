// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
import {TeeOracle} from "../../src/TeeOracle.sol";
import {OracleFixture} from "../OracleFixture.sol";

/// @dev Requests, answers, replays, refunds, withdrawals and time, in any order. It keeps books of
/// its own of what came in and went out.
contract TeeOracleHandler is OracleFixture {
    TeeOracle.Answer[] private _given;

    mapping(uint256 requestId => uint256) public timesPaid;
    uint256 public open;
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 public roundId;
    uint256 public observedAt;
    bool public roundWentBack;

    constructor() {
        prepare();
    }

    function theOracle() external view returns (TeeOracle) {
        return oracle;
    }

    function totalOwed() external view returns (uint256) {
        return oracle.owed(requester) + oracle.owed(node) + oracle.owed(stranger);
    }

    function request(uint256 who, uint256 reward, uint256 lifetime) external {
        reward = bound(reward, 0, 10 ether);
        address from = person(who);
        vm.deal(from, from.balance + reward);
        vm.prank(from);
        oracle.request{value: reward}(FEED, 0, bound(lifetime, 1 minutes, 1 hours));
        open += reward;
        paidIn += reward;
    }

    function fulfil(uint256 id, uint256 age, uint256 price, uint256 payee) external {
        if (oracle.lastRequestId() == 0) return;
        TeeOracle.Answer memory answer = answerTo(anyRequest(id));
        answer.observedAt -= uint64(bound(age, 0, MAX_AGE / 4));
        answer.price = bound(price, 1, type(uint128).max);
        answer.payee = person(payee);
        tryOut(answer, sign(answer));
        _given.push(answer);
    }

    function replay(uint256 which, uint256 id) external {
        if (_given.length == 0) return;
        TeeOracle.Answer memory answer = _given[which % _given.length];
        bytes memory signature = sign(answer);
        tryOut(answer, signature);
        answer.requestId = anyRequest(id);
        tryOut(answer, signature);
    }

    function refund(uint256 id) external {
        if (oracle.lastRequestId() == 0) return;
        id = anyRequest(id);
        try oracle.refund(id) {
            settled(id);
        } catch {}
    }

    function withdraw(uint256 who) external {
        address account = person(who);
        uint256 amount = oracle.owed(account);
        vm.prank(account);
        try oracle.withdraw(payable(account)) {
            paidOut += amount;
        } catch {}
    }

    function letTimePass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 10 minutes));
    }

    function person(uint256 who) private view returns (address) {
        address[3] memory people = [requester, node, stranger];
        return people[who % people.length];
    }

    function anyRequest(uint256 id) private view returns (uint256) {
        return 1 + id % oracle.lastRequestId();
    }

    function tryOut(TeeOracle.Answer memory answer, bytes memory signature) private {
        SignatureChain.Proof memory proof = chain();
        try oracle.fulfill(answer, signature, proof) {
            settled(answer.requestId);
        } catch {}
        TeeOracle.Round memory round = oracle.latestAtAnyAge(FEED);
        if (round.id < roundId || round.observedAt < observedAt) roundWentBack = true;
        roundId = round.id;
        observedAt = round.observedAt;
    }

    function settled(uint256 id) private {
        timesPaid[id]++;
        open -= oracle.requests(id).reward;
    }
}

contract TeeOracleInvariant is OracleFixture {
    TeeOracleHandler private _handler;

    function setUp() public {
        _handler = new TeeOracleHandler();
        oracle = _handler.theOracle();
        targetContract(address(_handler));
    }

    function invariant_noRequestIsEverPaidTwice() public view {
        for (uint256 id = 1; id <= oracle.lastRequestId(); id++) {
            assertLe(_handler.timesPaid(id), 1);
        }
    }

    function invariant_theOracleHoldsExactlyWhatIsOpenAndOwed() public view {
        assertEq(address(oracle).balance, _handler.open() + _handler.totalOwed());
        assertEq(_handler.paidIn(), address(oracle).balance + _handler.paidOut());
    }

    function invariant_roundsNeverGoBack() public view {
        assertFalse(_handler.roundWentBack());
    }
}
