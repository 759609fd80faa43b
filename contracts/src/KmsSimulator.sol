// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IAppAuth, IERC165} from "./interfaces/IAppAuth.sol";
import {IDstackKms} from "./interfaces/IDstackKms.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @dev A contract of its own, so that it comes before the owner: slots 0 to 8 are those of
/// upstream's DstackKms, and the same storage proofs work.
abstract contract KmsSimulatorState is IDstackKms {
    /// @inheritdoc IDstackKms
    KmsInfo public kmsInfo;
    /// @inheritdoc IDstackKms
    string public gatewayAppId;
    /// @inheritdoc IDstackKms
    mapping(address appId => bool registered) public registeredApps;
    /// @inheritdoc IDstackKms
    mapping(bytes32 mrAggregated => bool allowed) public kmsAllowedAggregatedMrs;
    /// @inheritdoc IDstackKms
    mapping(bytes32 deviceId => bool allowed) public kmsAllowedDeviceIds;
    /// @inheritdoc IDstackKms
    mapping(bytes32 osImageHash => bool allowed) public allowedOsImages;
}

/// @title The contract that a KMS asks before it releases keys, for local life
/// @notice Not for anything of worth: its owner adds OS images at once, as upstream's does. Who
/// governs the KMS remains a party to trust, which no app's contract can change.
contract KmsSimulator is KmsSimulatorState, Ownable2Step {
    /// @notice Zero is no app.
    error KmsSimulatorZeroApp(address appId);

    /// @notice Upstream has no event for it.
    event KmsQuoteSet(bytes quote);
    /// @notice Upstream has no event for it.
    event KmsEventlogSet(bytes eventlog);

    /// @param owner_ Who sets all but the apps
    constructor(address owner_) Ownable(owner_) {}

    /// @inheritdoc IDstackKms
    function registerApp(address appId) external {
        if (appId == address(0)) revert KmsSimulatorZeroApp(appId);
        registeredApps[appId] = true;
        emit AppRegistered(appId);
    }

    /// @inheritdoc IDstackKms
    function setKmsInfo(KmsInfo calldata info) external onlyOwner {
        kmsInfo = info;
        emit KmsInfoSet(info.k256Pubkey);
    }

    /// @inheritdoc IDstackKms
    function setKmsQuote(bytes calldata quote) external onlyOwner {
        kmsInfo.quote = quote;
        emit KmsQuoteSet(quote);
    }

    /// @inheritdoc IDstackKms
    function setKmsEventlog(bytes calldata eventlog) external onlyOwner {
        kmsInfo.eventlog = eventlog;
        emit KmsEventlogSet(eventlog);
    }

    /// @inheritdoc IDstackKms
    function setGatewayAppId(string calldata appId) external onlyOwner {
        gatewayAppId = appId;
        emit GatewayAppIdSet(appId);
    }

    /// @inheritdoc IDstackKms
    function addKmsAggregatedMr(bytes32 mrAggregated) external onlyOwner {
        kmsAllowedAggregatedMrs[mrAggregated] = true;
        emit KmsAggregatedMrAdded(mrAggregated);
    }

    /// @inheritdoc IDstackKms
    function removeKmsAggregatedMr(bytes32 mrAggregated) external onlyOwner {
        kmsAllowedAggregatedMrs[mrAggregated] = false;
        emit KmsAggregatedMrRemoved(mrAggregated);
    }

    /// @inheritdoc IDstackKms
    function addKmsDevice(bytes32 deviceId) external onlyOwner {
        kmsAllowedDeviceIds[deviceId] = true;
        emit KmsDeviceAdded(deviceId);
    }

    /// @inheritdoc IDstackKms
    function removeKmsDevice(bytes32 deviceId) external onlyOwner {
        kmsAllowedDeviceIds[deviceId] = false;
        emit KmsDeviceRemoved(deviceId);
    }

    /// @inheritdoc IDstackKms
    function addOsImageHash(bytes32 osImageHash) external onlyOwner {
        allowedOsImages[osImageHash] = true;
        emit OsImageHashAdded(osImageHash);
    }

    /// @inheritdoc IDstackKms
    function removeOsImageHash(bytes32 osImageHash) external onlyOwner {
        allowedOsImages[osImageHash] = false;
        emit OsImageHashRemoved(osImageHash);
    }

    /// @inheritdoc IAppAuth
    /// @dev In upstream's order. An app's contract that reverts makes this revert, and gets no keys.
    function isAppAllowed(AppBootInfo calldata bootInfo)
        external
        view
        returns (bool isAllowed, string memory reason)
    {
        if (!registeredApps[bootInfo.appId]) return (false, "app is not registered");
        if (!allowedOsImages[bootInfo.osImageHash]) return (false, "OS image is not allowed");
        if (bootInfo.appId.code.length == 0) return (false, "app has no contract");
        return IAppAuth(bootInfo.appId).isAppAllowed(bootInfo);
    }

    /// @inheritdoc IDstackKms
    function isKmsAllowed(AppBootInfo calldata bootInfo)
        external
        view
        returns (bool isAllowed, string memory reason)
    {
        if (keccak256(bytes(bootInfo.tcbStatus)) != keccak256("UpToDate")) {
            return (false, "TCB is not up to date");
        }
        if (!allowedOsImages[bootInfo.osImageHash]) return (false, "OS image is not allowed");
        if (!kmsAllowedAggregatedMrs[bootInfo.mrAggregated]) {
            return (false, "measurements are not allowed");
        }
        if (!kmsAllowedDeviceIds[bootInfo.deviceId]) return (false, "device is not allowed");
        return (true, "");
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IAppAuth).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
