// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AppGovernor} from "../../src/governance/AppGovernor.sol";
import {GovernanceFixture} from "../GovernanceFixture.sol";

contract AppGovernorGas is GovernanceFixture {
    uint256 private id;

    function setUp() public override {
        super.setUp();
        id = proposeCall(address(app), upgrade());
        openVote();
        cast(id, 1, FOR);
    }

    function test_deploy() public {
        new AppGovernor("App", votes, settings());
    }

    function test_vote() public {
        cast(id, 0, FOR);
    }
}
