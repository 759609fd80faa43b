// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {UserConsent} from "../../src/UserConsent.sol";
import {ConsentFixture} from "../ConsentFixture.sol";

contract UserConsentGas is ConsentFixture {
    UserConsent.Submission private next;
    UserConsent.Submission[] private both;

    function setUp() public override {
        super.setUp();
        optOut(bob);
        next = submissionOf(alice);
        both.push(next);
        both.push(submissionOf(makeKey("carol")));
    }

    function test_deploy() public {
        new UserConsent(vm.addr(rootKey));
    }

    function test_optOut() public {
        UserConsent.Submission memory submission = next;
        consent.optOut(submission);
        assertLe(vm.lastCallGas().gasTotalUsed, 160_000, "one user");
    }

    function test_optOutOfTwo() public {
        consent.optOutMany(both);
    }

    function test_optedOut() public view {
        consent.optedOut(address(app), code, vm.addr(bob));
    }

    function test_verify() public view {
        isProven(bob);
    }
}
