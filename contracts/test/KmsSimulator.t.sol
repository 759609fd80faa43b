// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {KmsSimulator} from "../src/KmsSimulator.sol";
import {AppAuthHistory} from "../src/appauth/AppAuthHistory.sol";
import {IAppAuth, IERC165} from "../src/interfaces/IAppAuth.sol";
import {IDstackKms} from "../src/interfaces/IDstackKms.sol";
import {KmsFixture} from "./KmsFixture.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @dev An app's contract that always fails.
contract BrokenApp {
    error Broken();

    fallback() external {
        revert Broken();
    }
}

contract KmsSimulatorTest is KmsFixture {
    event AppRegistered(address appId);

    bytes32 private constant MR = keccak256("measurements");

    function bootOf(bytes32 composeHash) private view returns (IAppAuth.AppBootInfo memory info) {
        info = boot(composeHash, D1, "UpToDate");
        info.osImageHash = IMAGE;
        info.mrAggregated = MR;
    }

    function assertAnswer(IAppAuth.AppBootInfo memory info, string memory want) private view {
        (bool allowed, string memory reason) = kms.isAppAllowed(info);
        assertEq(allowed, bytes(want).length == 0);
        assertEq(reason, want);
    }

    // --- an app's keys ---

    function test_aBootThatKeepsEachRuleIsAllowed() public view {
        assertAnswer(bootOf(V1), "");
    }

    function test_theRulesOfTheKmsComeFirst() public {
        IAppAuth.AppBootInfo memory info = bootOf(V2);
        info.osImageHash = keccak256("another image");
        info.appId = address(new BrokenApp());
        assertAnswer(info, "app is not registered");
        kms.registerApp(info.appId);
        assertAnswer(info, "OS image is not allowed");
        info.osImageHash = IMAGE;
        vm.expectRevert(abi.encodeWithSelector(BrokenApp.Broken.selector));
        kms.isAppAllowed(info);
    }

    function test_anAppWithoutAContractIsRefused() public {
        kms.registerApp(stranger);
        IAppAuth.AppBootInfo memory info = bootOf(V1);
        info.appId = stranger;
        assertAnswer(info, "app has no contract");
    }

    /// @dev The KMS passes on what it got, word for word: each rule of the app answers for itself.
    function test_theAppsOwnRefusalsComeThrough() public {
        assertAnswer(bootOf(V2), "compose hash is not allowed");
        IAppAuth.AppBootInfo memory info = bootOf(V1);
        info.deviceId = D2;
        assertAnswer(info, "device is not allowed");
        info = bootOf(V1);
        info.tcbStatus = "OutOfDate";
        info.advisoryIds = new string[](2);
        info.advisoryIds[1] = "INTEL-SA-00837";
        assertAnswer(info, "TCB is not up to date");
        pause();
        assertAnswer(bootOf(V1), "paused by the guardian");
    }

    function testFuzz_theAppIsAskedWithTheWholeBootInfo(IAppAuth.AppBootInfo memory info) public {
        info.appId = address(app);
        info.osImageHash = IMAGE;
        vm.expectCall(address(app), abi.encodeCall(app.isAppAllowed, (info)));
        (bool allowed, string memory reason) = kms.isAppAllowed(info);
        (bool appAllowed, string memory appReason) = app.isAppAllowed(info);
        assertEq(allowed, appAllowed);
        assertEq(reason, appReason);
    }

    /// @dev An upgrade, from its announcement to the end of the old code, as the KMS sees it.
    function test_anUpgradeIsLivedThrough() public {
        vm.prank(owner);
        app.proposeComposeHash(V2);
        assertAnswer(bootOf(V2), "compose hash is not allowed");
        vm.warp(START + NOTICE);
        assertAnswer(bootOf(V2), "compose hash is not allowed");
        app.activateComposeHash(V2);
        assertAnswer(bootOf(V2), "");
        assertAnswer(bootOf(V1), "");
        vm.prank(owner);
        app.proposeRemoval(V1);
        vm.warp(START + NOTICE + EXIT);
        app.removeComposeHash(V1);
        assertAnswer(bootOf(V1), "compose hash is not allowed");
        assertAnswer(bootOf(V2), "");
        carryOut(AppAuthHistory.Change.AddDevice, D2);
        IAppAuth.AppBootInfo memory info = bootOf(V2);
        info.deviceId = D2;
        assertAnswer(info, "");
    }

    // --- another instance of the KMS ---

    function assertKmsAnswer(IAppAuth.AppBootInfo memory info, string memory want) private view {
        (bool allowed, string memory reason) = kms.isKmsAllowed(info);
        assertEq(allowed, bytes(want).length == 0);
        assertEq(reason, want);
    }

    function test_aKmsNeedsStatusImageMeasurementsAndDevice() public {
        IAppAuth.AppBootInfo memory info = bootOf(0);
        info.tcbStatus = "OutOfDate";
        info.osImageHash = 0;
        assertKmsAnswer(info, "TCB is not up to date");
        info.tcbStatus = "UpToDate";
        assertKmsAnswer(info, "OS image is not allowed");
        info.osImageHash = IMAGE;
        assertKmsAnswer(info, "measurements are not allowed");
        vm.prank(owner);
        kms.addKmsAggregatedMr(MR);
        assertKmsAnswer(info, "device is not allowed");
        vm.prank(owner);
        kms.addKmsDevice(D1);
        assertKmsAnswer(info, "");
        vm.prank(owner);
        kms.removeKmsDevice(D1);
        assertKmsAnswer(info, "device is not allowed");
    }

    // --- the registry ---

    function test_anyoneRegistersAnApp() public {
        address other = address(new BrokenApp());
        assertFalse(kms.registeredApps(other));
        vm.expectEmit(address(kms));
        emit AppRegistered(other);
        vm.prank(stranger);
        kms.registerApp(other);
        assertTrue(kms.registeredApps(other));
    }

    function test_zeroIsNoApp() public {
        vm.expectRevert(
            abi.encodeWithSelector(KmsSimulator.KmsSimulatorZeroApp.selector, address(0))
        );
        kms.registerApp(address(0));
    }

    function test_eachListGrowsAndShrinksWithItsEvents() public {
        vm.startPrank(owner);
        vm.expectEmit(address(kms));
        emit IDstackKms.OsImageHashAdded(MR);
        kms.addOsImageHash(MR);
        assertTrue(kms.allowedOsImages(MR));
        vm.expectEmit(address(kms));
        emit IDstackKms.OsImageHashRemoved(MR);
        kms.removeOsImageHash(MR);
        assertFalse(kms.allowedOsImages(MR));

        vm.expectEmit(address(kms));
        emit IDstackKms.KmsAggregatedMrAdded(MR);
        kms.addKmsAggregatedMr(MR);
        assertTrue(kms.kmsAllowedAggregatedMrs(MR));
        vm.expectEmit(address(kms));
        emit IDstackKms.KmsAggregatedMrRemoved(MR);
        kms.removeKmsAggregatedMr(MR);
        assertFalse(kms.kmsAllowedAggregatedMrs(MR));

        vm.expectEmit(address(kms));
        emit IDstackKms.KmsDeviceAdded(D2);
        kms.addKmsDevice(D2);
        assertTrue(kms.kmsAllowedDeviceIds(D2));
        vm.expectEmit(address(kms));
        emit IDstackKms.KmsDeviceRemoved(D2);
        kms.removeKmsDevice(D2);
        assertFalse(kms.kmsAllowedDeviceIds(D2));
        vm.stopPrank();
    }

    function test_theKmsPublishesItsKeys() public {
        vm.startPrank(owner);
        vm.expectEmit(address(kms));
        emit IDstackKms.KmsInfoSet("root key");
        kms.setKmsInfo(IDstackKms.KmsInfo("root key", "ca key", "quote", "log"));
        assertKmsInfo("quote", "log");
        vm.expectEmit(address(kms));
        emit KmsSimulator.KmsQuoteSet("quote 2");
        kms.setKmsQuote("quote 2");
        assertKmsInfo("quote 2", "log");
        vm.expectEmit(address(kms));
        emit KmsSimulator.KmsEventlogSet("log 2");
        kms.setKmsEventlog("log 2");
        assertKmsInfo("quote 2", "log 2");
        vm.expectEmit(address(kms));
        emit IDstackKms.GatewayAppIdSet("gateway");
        kms.setGatewayAppId("gateway");
        assertEq(kms.gatewayAppId(), "gateway");
        vm.stopPrank();
    }

    function assertKmsInfo(bytes memory quote, bytes memory log) private view {
        (bytes memory k256, bytes memory ca, bytes memory q, bytes memory l) = kms.kmsInfo();
        assertEq(k256, "root key");
        assertEq(ca, "ca key");
        assertEq(q, quote);
        assertEq(l, log);
    }

    function testFuzz_onlyTheOwnerSetsTheRest(address caller, bytes32 value) public {
        vm.assume(caller != owner);
        bytes[10] memory calls = [
            abi.encodeCall(kms.setKmsInfo, (IDstackKms.KmsInfo("", "", "", ""))),
            abi.encodeCall(kms.setKmsQuote, ("")),
            abi.encodeCall(kms.setKmsEventlog, ("")),
            abi.encodeCall(kms.setGatewayAppId, ("")),
            abi.encodeCall(kms.addKmsAggregatedMr, (value)),
            abi.encodeCall(kms.removeKmsAggregatedMr, (value)),
            abi.encodeCall(kms.addKmsDevice, (value)),
            abi.encodeCall(kms.removeKmsDevice, (value)),
            abi.encodeCall(kms.addOsImageHash, (value)),
            abi.encodeCall(kms.removeOsImageHash, (value))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            vm.prank(caller);
            (bool ok, bytes memory answer) = address(kms).call(calls[i]);
            assertFalse(ok);
            assertEq(
                answer, abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller)
            );
        }
    }

    // --- upstream's interface ---

    /// @dev Selectors of dstack's own contract, as its KMS and its tools call them.
    function test_theSelectorsAreThoseOfDstack() public view {
        bytes4[24] memory got = [
            kms.isAppAllowed.selector,
            kms.isKmsAllowed.selector,
            kms.registerApp.selector,
            kms.registeredApps.selector,
            kms.kmsInfo.selector,
            kms.gatewayAppId.selector,
            kms.allowedOsImages.selector,
            kms.kmsAllowedAggregatedMrs.selector,
            kms.kmsAllowedDeviceIds.selector,
            kms.addKmsAggregatedMr.selector,
            kms.removeKmsAggregatedMr.selector,
            kms.addKmsDevice.selector,
            kms.removeKmsDevice.selector,
            kms.addOsImageHash.selector,
            kms.removeOsImageHash.selector,
            kms.setKmsInfo.selector,
            kms.setKmsQuote.selector,
            kms.setKmsEventlog.selector,
            kms.setGatewayAppId.selector,
            kms.owner.selector,
            kms.pendingOwner.selector,
            kms.transferOwnership.selector,
            kms.acceptOwnership.selector,
            kms.supportsInterface.selector
        ];
        bytes memory want = hex"1e079198e067ec9d17a1d80fa6c4cce90917706395f519319a4e1d18f6fe4f4013eb97703e32d346"
            hex"2adee48d4d5922a19e6f311406a3ae969425bac67d02535218c1ecb2736ede7a3971db278da5cb5b"
            hex"e30c3978f2fde38b79ba509701ffc9a7";
        bytes memory all;
        for (uint256 i = 0; i < got.length; i++) {
            all = abi.encodePacked(all, got[i]);
        }
        assertEq(all, want);
        assertTrue(kms.supportsInterface(type(IAppAuth).interfaceId));
        assertTrue(kms.supportsInterface(type(IERC165).interfaceId));
        assertFalse(kms.supportsInterface(0xffffffff));
        assertEq(
            AppRegistered.selector,
            0x0d540ad8f39e07d19909687352b9fa017405d93c91a6760981fbae9cf28bfef7
        );
    }

    function test_theSlotsAreThoseOfDstackKms() public {
        vm.startPrank(owner);
        kms.setKmsInfo(IDstackKms.KmsInfo("a", "b", "c", "d"));
        kms.setGatewayAppId("e");
        kms.addKmsAggregatedMr(MR);
        kms.addKmsDevice(D2);
        vm.stopPrank();
        for (uint256 slot = 0; slot < 5; slot++) {
            // A short string: its bytes from the left, twice its length on the right.
            bytes32 want = bytes32(bytes1(uint8(0x61 + slot))) | bytes32(uint256(2));
            assertEq(vm.load(address(kms), bytes32(slot)), want);
        }
        assertEq(entryAt(toValue(address(app)), 5), 1);
        assertEq(entryAt(MR, 6), 1);
        assertEq(entryAt(D2, 7), 1);
        assertEq(entryAt(IMAGE, 8), 1);
    }

    function entryAt(bytes32 key, uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(kms), keccak256(abi.encode(key, slot))));
    }
}
