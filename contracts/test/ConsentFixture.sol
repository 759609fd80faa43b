// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IProposals, UserConsent} from "../src/UserConsent.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title An app that has announced what it is told to
contract AnnouncingApp is IProposals {
    mapping(bytes32 composeHash => uint256 time) public activatesAt;

    function announce(bytes32 composeHash, uint256 time) external {
        activatesAt[composeHash] = time;
    }
}

/// @title Users of an app under a KMS, with proposed code before them
abstract contract ConsentFixture is ChainFixture {
    UserConsent internal consent;
    AnnouncingApp internal app;
    uint256 internal rootKey = makeKey("kms root");
    uint256 internal appKey = makeKey("app");
    uint256 internal alice = makeKey("alice");
    uint256 internal bob = makeKey("bob");
    bytes32 internal code = keccak256("version 2");

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        consent = new UserConsent(vm.addr(rootKey));
        app = new AnnouncingApp();
        app.announce(code, block.timestamp + 7 days);
    }

    function requestOf(uint256 user) internal view returns (UserConsent.OptOut memory) {
        return UserConsent.OptOut({
            user: vm.addr(user),
            app: address(app),
            composeHash: code,
            deadline: block.timestamp + 1 days
        });
    }

    function signed(UserConsent.OptOut memory request, uint256 key)
        internal
        view
        returns (bytes memory)
    {
        return signBare(key, consent.digestOf(request));
    }

    function submissionOf(uint256 user)
        internal
        returns (UserConsent.Submission memory submission)
    {
        submission.request = requestOf(user);
        submission.signature = signed(submission.request, user);
        submission.proof = makeProof(rootKey, address(app), appKey, user, "ethereum");
    }

    function optOut(uint256 user) internal {
        consent.optOut(submissionOf(user));
    }

    function isProven(uint256 user) internal view returns (bool) {
        (uint256 position, bytes32[20] memory proof) =
            consent.proofOf(address(app), code, vm.addr(user));
        return consent.verify(address(app), code, vm.addr(user), position, proof);
    }
}
