// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {SignatureChain} from "../src/SignatureChain.sol";
import {StateAnchor} from "../src/StateAnchor.sol";
import {ChainFixture} from "./ChainFixture.sol";

/// @title An app whose key anchors its states
abstract contract AnchorFixture is ChainFixture {
    uint256 internal constant START = 1_735_689_600;

    StateAnchor internal anchors;
    uint256 internal rootKey = makeKey("root");
    uint256 internal appKey = makeKey("app");
    uint256 internal anchorKey = makeKey("anchor");
    address internal appId = makeAddr("app id");

    function setUp() public virtual {
        vm.warp(START);
        anchors = new StateAnchor(vm.addr(rootKey));
    }

    function makeProof() internal returns (SignatureChain.Proof memory) {
        return makeProof(rootKey, appId, appKey, anchorKey, "state-anchor");
    }

    function next(uint64 version, string memory state)
        internal
        view
        returns (StateAnchor.Anchor memory)
    {
        return StateAnchor.Anchor({
            appId: appId,
            version: version,
            root: keccak256(bytes(state)),
            previousRoot: anchors.head(appId).root
        });
    }

    function signed(StateAnchor.Anchor memory a) internal view returns (bytes memory) {
        return signBare(anchorKey, anchors.anchorDigest(a));
    }

    function anchor(uint64 version, string memory state) internal {
        StateAnchor.Anchor memory a = next(version, state);
        anchors.anchor(a, signed(a), makeProof());
    }
}
