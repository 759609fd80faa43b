// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../../src/appauth/AppAuthHistory.sol";
import {AppAuthFixture} from "../AppAuthFixture.sol";

contract TimelockAppAuthGas is AppAuthFixture {
    bytes32 private constant V3 = keccak256("code 3");

    function setUp() public override {
        super.setUp();
        vm.startPrank(owner);
        app.proposeComposeHash(V2);
        app.proposeRemoval(V1);
        app.propose(AppAuthHistory.Change.AddDevice, D2);
        vm.stopPrank();
        vm.warp(START + EXIT);
    }

    function test_deploy() public {
        new TimelockAppAuth(owner, guardian, config());
    }

    function test_isAppAllowed() public view {
        app.isAppAllowed(boot(V1, D1, "UpToDate"));
    }

    function test_proposeComposeHash() public {
        vm.prank(owner);
        app.proposeComposeHash(V3);
    }

    function test_activateComposeHash() public {
        app.activateComposeHash(V2);
    }

    function test_cancelProposal() public {
        vm.prank(owner);
        app.cancelProposal(V2);
    }

    function test_removeComposeHash() public {
        app.removeComposeHash(V1);
    }

    function test_activateADevice() public {
        app.activate(AppAuthHistory.Change.AddDevice, D2);
    }

    function test_increaseNotice() public {
        vm.prank(owner);
        app.increaseNotice(NOTICE + 1);
    }

    function test_disableUpgrades() public {
        vm.prank(owner);
        app.disableUpgrades();
    }

    function test_pause() public {
        pause();
    }

    function test_activatesAt() public view {
        app.activatesAt(V2);
    }

    function test_aPageOfTheHistory() public view {
        app.history(0, 10);
    }
}
