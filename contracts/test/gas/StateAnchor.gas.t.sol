// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../../src/SignatureChain.sol";
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

    function test_anchorTheNextWithoutAChain() public {
        SignatureChain.Proof memory none;
        StateAnchor.Anchor memory a = next(2, "two");
        anchors.anchor(a, signed(a), none);
    }

    function test_head() public view {
        anchors.head(appId);
    }
}
