// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {KmsSimulator} from "../src/KmsSimulator.sol";
import {AppAuthFixture} from "./AppAuthFixture.sol";

/// @title A KMS that knows one OS image and one app
abstract contract KmsFixture is AppAuthFixture {
    bytes32 internal constant IMAGE = keccak256("OS image");

    KmsSimulator internal kms;

    function setUp() public virtual override {
        super.setUp();
        kms = new KmsSimulator(owner);
        vm.prank(owner);
        kms.addOsImageHash(IMAGE);
        kms.registerApp(address(app));
    }
}
