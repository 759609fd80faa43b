// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {StateAnchor} from "../../src/StateAnchor.sol";
import {AnchorFixture} from "../AnchorFixture.sol";

contract StateAnchorGas is AnchorFixture {
    function setUp() public override {
        super.setUp();
        anchor(1, "one");
    }

    function test_deploy() public {
        new StateAnchor(vm.addr(rootKey));
    }

    function test_anchorTheNext() public {
        anchor(2, "two");
    }

    function test_head() public view {
        anchors.head(appId);
    }
}
