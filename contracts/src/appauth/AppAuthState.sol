// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAppAuth, IERC165} from "../interfaces/IAppAuth.sol";

/// @title What an app allows, and the answer to the KMS
/// @notice Slots 0 to 3 are those of dstack's own DstackApp, so that one storage proof against
/// either contract is read by the same code:
///
///     slot 0  allowedComposeHashes, at keccak256(composeHash . 0)
///     slot 1  byte 0 upgradesDisabled, byte 1 allowAnyDevice, bytes 2 to 9 pausedUntil,
///             bytes 10 to 29 guardian; byte 0 is the lowest
///     slot 2  allowedDeviceIds, at keccak256(deviceId . 2)
///     slot 3  byte 0 requireTcbUpToDate
abstract contract AppAuthState is IAppAuth {
    /// @notice Code that may have the app's keys. What is false here may be on its way: `activatesAt`.
    mapping(bytes32 composeHash => bool allowed) public allowedComposeHashes;

    /// @notice True once and for ever: no code will be added.
    bool public upgradesDisabled;
    /// @notice Is the list of devices without effect?
    bool public allowAnyDevice;
    /// @notice Nothing is released before this time. A time that is past means no pause.
    uint64 public pausedUntil;
    /// @notice Who may pause, and nothing else. Zero: nobody.
    address public guardian;

    /// @notice Machines that may run the app, unless any may.
    mapping(bytes32 deviceId => bool allowed) public allowedDeviceIds;

    /// @notice Must the platform's status be UpToDate?
    bool public requireTcbUpToDate;

    /// @inheritdoc IAppAuth
    function isAppAllowed(AppBootInfo calldata bootInfo)
        external
        view
        returns (bool isAllowed, string memory reason)
    {
        reason = _refusal(bootInfo);
        isAllowed = bytes(reason).length == 0;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IAppAuth).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    /// @notice Is nothing released for now?
    function paused() public view returns (bool) {
        return block.timestamp < pausedUntil;
    }

    /// @dev Empty if nothing speaks against the boot.
    function _refusal(AppBootInfo calldata bootInfo) internal view virtual returns (string memory) {
        if (bootInfo.appId != _appId()) return "app id is not this contract";
        if (paused()) return "paused by the guardian";
        if (requireTcbUpToDate && !_isUpToDate(bootInfo.tcbStatus)) return "TCB is not up to date";
        if (!allowedComposeHashes[bootInfo.composeHash]) return "compose hash is not allowed";
        if (!allowAnyDevice && !allowedDeviceIds[bootInfo.deviceId]) {
            return "device is not allowed";
        }
        return "";
    }

    /// @dev The app whose rules these are.
    function _appId() internal view virtual returns (address) {
        return address(this);
    }

    function _isUpToDate(string calldata tcbStatus) private pure returns (bool) {
        return keccak256(bytes(tcbStatus)) == keccak256("UpToDate");
    }
}
