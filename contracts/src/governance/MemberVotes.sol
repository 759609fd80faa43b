// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Votes} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Seats: one token, one vote
/// @notice All seats are given out at deployment. Nobody can make one later, so nobody can outvote
/// the members by making more. A seat can be handed on. It votes from the start, for its holder,
/// unless the holder names someone else.
/// @dev Time is counted in seconds (ERC-6372), as blocks have another length on every chain.
contract MemberVotes is ERC721Votes {
    /// @notice Without seats nothing can ever be decided.
    error MemberVotesNoMembers();

    /// @param members Who gets a seat; an address that stands here twice gets two
    constructor(string memory name_, string memory symbol_, address[] memory members)
        ERC721(name_, symbol_)
        EIP712(name_, "1")
    {
        if (members.length == 0) revert MemberVotesNoMembers();
        for (uint256 i = 0; i < members.length; i++) {
            _mint(members[i], i + 1);
        }
    }

    /// @notice Unix time.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice As ERC-6372 names it.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @dev OpenZeppelin counts no vote that was not delegated: who forgets to would have none.
    function _update(address to, uint256 tokenId, address auth)
        internal
        override
        returns (address previous)
    {
        if (delegates(to) == address(0)) _delegate(to, to);
        return super._update(to, tokenId, auth);
    }
}
