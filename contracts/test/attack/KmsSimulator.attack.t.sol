// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {KmsSimulator} from "../../src/KmsSimulator.sol";
import {IAppAuth} from "../../src/interfaces/IAppAuth.sol";
import {KmsFixture} from "../KmsFixture.sol";

/// @dev Says yes to everyone, for any app.
contract YesApp {
    function isAppAllowed(IAppAuth.AppBootInfo calldata)
        external
        pure
        returns (bool, string memory)
    {
        return (true, "");
    }
}

/// @dev Answers with less than a (bool, string).
contract ShortApp {
    fallback() external {
        assembly ("memory-safe") {
            mstore(0, 1)
            return(0, 32)
        }
    }
}

/// @title Who wants the keys of an app from the KMS without the consent of its contract
contract KmsSimulatorAttack is KmsFixture {
    bytes32 private constant EVIL = keccak256("code that leaks keys");

    function info(address appId) private view returns (IAppAuth.AppBootInfo memory i) {
        i = boot(EVIL, D1, "UpToDate");
        i.appId = appId;
        i.osImageHash = IMAGE;
    }

    function isAllowedByKms(IAppAuth.AppBootInfo memory i) private view returns (bool) {
        (bool ok, bytes memory answer) =
            address(kms).staticcall(abi.encodeCall(kms.isAppAllowed, (i)));
        if (!ok) return false;
        (bool allowed,) = abi.decode(answer, (bool, string));
        return allowed;
    }

    /// @dev A contract that says yes speaks for its own address alone: keys derive from that.
    function test_anotherContractThatSaysYes() public {
        address yes = address(new YesApp());
        kms.registerApp(yes);
        assertTrue(isAllowedByKms(info(yes)));
        assertFalse(isAllowedByKms(info(address(app))));
    }

    function test_anAppThatIsNotRegistered() public {
        assertFalse(isAllowedByKms(info(address(new YesApp()))));
    }

    function test_theOldImageOfAnOSWithAHole() public {
        IAppAuth.AppBootInfo memory i = info(address(app));
        i.composeHash = V1;
        assertTrue(isAllowedByKms(i));
        vm.prank(owner);
        kms.removeOsImageHash(IMAGE);
        assertFalse(isAllowedByKms(i));
        i.osImageHash = 0;
        assertFalse(isAllowedByKms(i));
    }

    /// @dev The owner of the KMS has much power, but none over code whose notice runs.
    function test_theOwnerOfTheKmsAddsCode() public {
        vm.prank(owner);
        (bool ok,) = address(kms).call(abi.encodeWithSignature("addComposeHash(bytes32)", EVIL));
        assertFalse(ok);
        assertFalse(isAllowedByKms(info(address(app))));
    }

    function test_anAddressWithoutCode() public {
        kms.registerApp(stranger);
        assertFalse(isAllowedByKms(info(stranger)));
    }

    /// @dev A yes cut short is none.
    function test_anAnswerThatIsTooShort() public {
        address short = address(new ShortApp());
        kms.registerApp(short);
        assertFalse(isAllowedByKms(info(short)));
    }

    /// @dev An app of the KMS' own address would make it call itself without end.
    function test_theKmsRegisteredAsAnAppOfItself() public {
        kms.registerApp(address(kms));
        assertFalse(isAllowedByKms(info(address(kms))));
    }

    function test_aStrangerPublishesARootKey() public {
        vm.prank(stranger);
        (bool ok,) = address(kms)
            .call(
                abi.encodeWithSignature("setKmsInfo((bytes,bytes,bytes,bytes))", "a", "b", "c", "d")
            );
        assertFalse(ok);
    }

    function test_aKmsThatNobodyAdmitted() public view {
        (bool allowed,) = kms.isKmsAllowed(info(address(app)));
        assertFalse(allowed);
    }
}
