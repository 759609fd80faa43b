// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAppAuth} from "./IAppAuth.sol";

/// @title The calls of dstack's DstackKms that a KMS, an operator and an auditor make
/// @dev Names, selectors and topics are upstream's. Left out are its proxy and its factory of apps.
interface IDstackKms is IAppAuth {
    /// @param k256Pubkey The root key to check signature chains against, compressed
    /// @param caPubkey Key of the CA
    /// @param quote Attestation of the KMS
    /// @param eventlog Log that belongs to the quote
    struct KmsInfo {
        bytes k256Pubkey;
        bytes caPubkey;
        bytes quote;
        bytes eventlog;
    }

    /// @notice An app is known to the KMS.
    event AppRegistered(address appId);
    /// @notice The KMS has published its keys.
    event KmsInfoSet(bytes k256Pubkey);
    /// @notice The gateway is this app.
    event GatewayAppIdSet(string gatewayAppId);
    /// @notice Measurements that a KMS may have.
    event KmsAggregatedMrAdded(bytes32 mrAggregated);
    /// @notice Measurements that a KMS may no longer have.
    event KmsAggregatedMrRemoved(bytes32 mrAggregated);
    /// @notice A device that a KMS may run on.
    event KmsDeviceAdded(bytes32 deviceId);
    /// @notice A device that a KMS may no longer run on.
    event KmsDeviceRemoved(bytes32 deviceId);
    /// @notice An OS image that apps and KMS may run.
    event OsImageHashAdded(bytes32 osImageHash);
    /// @notice An OS image that they may no longer run.
    event OsImageHashRemoved(bytes32 osImageHash);

    /// @notice Make a contract known as an app. Anyone may: it decides for itself alone.
    function registerApp(address appId) external;
    /// @notice Publish the keys and the attestation of the KMS. Owner only.
    function setKmsInfo(KmsInfo calldata info) external;
    /// @notice Replace the attestation. Owner only.
    function setKmsQuote(bytes calldata quote) external;
    /// @notice Replace the log. Owner only.
    function setKmsEventlog(bytes calldata eventlog) external;
    /// @notice Say which app is the gateway. Owner only.
    function setGatewayAppId(string calldata appId) external;
    /// @notice Allow measurements of a KMS. Owner only.
    function addKmsAggregatedMr(bytes32 mrAggregated) external;
    /// @notice Allow them no longer. Owner only.
    function removeKmsAggregatedMr(bytes32 mrAggregated) external;
    /// @notice Allow a device for a KMS. Owner only.
    function addKmsDevice(bytes32 deviceId) external;
    /// @notice Allow it no longer. Owner only.
    function removeKmsDevice(bytes32 deviceId) external;
    /// @notice Allow an OS image. Owner only.
    function addOsImageHash(bytes32 osImageHash) external;
    /// @notice Allow it no longer. Owner only.
    function removeOsImageHash(bytes32 osImageHash) external;

    /// @notice May a machine run as another instance of the KMS?
    function isKmsAllowed(AppBootInfo calldata bootInfo)
        external
        view
        returns (bool isAllowed, string memory reason);
    /// @notice The keys and the attestation of the KMS.
    function kmsInfo()
        external
        view
        returns (
            bytes memory k256Pubkey,
            bytes memory caPubkey,
            bytes memory quote,
            bytes memory eventlog
        );
    /// @notice The app that is the gateway.
    function gatewayAppId() external view returns (string memory);
    /// @notice Is an app known to the KMS?
    function registeredApps(address appId) external view returns (bool);
    /// @notice May a KMS have these measurements?
    function kmsAllowedAggregatedMrs(bytes32 mrAggregated) external view returns (bool);
    /// @notice May a KMS run on this device?
    function kmsAllowedDeviceIds(bytes32 deviceId) external view returns (bool);
    /// @notice May this OS image be run?
    function allowedOsImages(bytes32 osImageHash) external view returns (bool);
}
