// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title What the KMS of dstack asks the contract at an app's address before it releases keys
/// @dev The ERC-165 id is the selector of the one function, 0x1e079198.
interface IAppAuth is IERC165 {
    /// @param appId Address of the contract that is asked
    /// @param composeHash SHA-256 of the app's app-compose.json
    /// @param instanceId One virtual machine of the app
    /// @param deviceId The machine that it runs on
    /// @param mrAggregated Digest of all measurements
    /// @param mrSystem Digest of the measurements of the system
    /// @param osImageHash Digest of the OS image
    /// @param tcbStatus The platform's status, "UpToDate" if Intel knows of nothing against it
    /// @param advisoryIds What Intel knows against it
    struct AppBootInfo {
        address appId;
        bytes32 composeHash;
        address instanceId;
        bytes32 deviceId;
        bytes32 mrAggregated;
        bytes32 mrSystem;
        bytes32 osImageHash;
        string tcbStatus;
        string[] advisoryIds;
    }

    /// @notice May this machine have the app's keys?
    /// @return isAllowed No is an answer, not a revert
    /// @return reason Why not; empty if it may
    function isAppAllowed(AppBootInfo calldata bootInfo)
        external
        view
        returns (bool isAllowed, string memory reason);
}
