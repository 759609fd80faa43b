// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {TimelockAppAuth} from "../src/TimelockAppAuth.sol";
import {AppAuthHistory} from "../src/appauth/AppAuthHistory.sol";
import {IAppAuth} from "../src/interfaces/IAppAuth.sol";
import {Test} from "./Test.sol";

/// @title An app with an owner, a guardian, code V1 and device D1
abstract contract AppAuthFixture is Test {
    uint64 internal constant MINIMUM = 2 days;
    uint64 internal constant NOTICE = 7 days;
    uint64 internal constant EXIT = 14 days;
    uint64 internal constant LIFETIME = 30 days;
    uint64 internal constant PAUSE = 20 days;
    uint256 internal constant START = 1_735_689_600;
    bytes32 internal constant V1 = keccak256("code 1");
    bytes32 internal constant V2 = keccak256("code 2");
    bytes32 internal constant D1 = keccak256("device 1");
    bytes32 internal constant D2 = keccak256("device 2");

    TimelockAppAuth internal app;
    address internal owner = makeAddr("owner");
    address internal guardian = makeAddr("guardian");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.warp(START);
        app = new TimelockAppAuth(owner, guardian, config());
    }

    function config() internal pure returns (TimelockAppAuth.Config memory) {
        return TimelockAppAuth.Config({
            minimumNotice: MINIMUM,
            notice: NOTICE,
            exitWindow: EXIT,
            proposalLifetime: LIFETIME,
            pauseLength: PAUSE,
            allowAnyDevice: false,
            requireTcbUpToDate: true,
            composeHash: V1,
            deviceId: D1
        });
    }

    function boot(bytes32 composeHash, bytes32 deviceId, string memory tcbStatus)
        internal
        view
        returns (IAppAuth.AppBootInfo memory info)
    {
        info.appId = address(app);
        info.composeHash = composeHash;
        info.deviceId = deviceId;
        info.tcbStatus = tcbStatus;
    }

    function isAllowed(bytes32 composeHash) internal view returns (bool allowed) {
        (allowed,) = app.isAppAllowed(boot(composeHash, D1, "UpToDate"));
    }

    function propose(AppAuthHistory.Change change, bytes32 value) internal {
        vm.prank(owner);
        app.propose(change, value);
    }

    /// @dev Proposed, waited for and activated.
    function carryOut(AppAuthHistory.Change change, bytes32 value) internal {
        propose(change, value);
        (, uint256 due,) = app.pending(change, value);
        vm.warp(due);
        app.activate(change, value);
    }

    function pause() internal {
        vm.prank(guardian);
        app.pause();
    }

    function unpause() internal {
        vm.prank(owner);
        app.unpause();
    }

    function toValue(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
