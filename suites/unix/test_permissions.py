"""Another user, and the permissions of file and folder: who may connect, bind and unlink?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import EACCES, EADDRINUSE, ECONNREFUSED, OK, Answer
from fixtures.specification.rules_unix import ALL_PERMISSIONS, FILES_ALONE, LOOKED_UP, NOT_LISTENING, PATH_TAKEN, WRITE_ALONE
from suites.unix.scenes import FOLDER, IN_FOLDER, F, bound, listening, stale

IN_FOLDER_TOO = Path("/D/G")


def folder(stack: Stack, mode: str) -> None:
    """A folder with these permissions."""
    stack.make(FOLDER)
    stack.chmod(FOLDER, mode)


@experiment("unix/permission/connect/{mode}", rule=WRITE_ALONE)
@pytest.mark.parametrize("mode", ["0700", "0755", "0744"])
def test_a_file_that_others_may_not_write(stack: Stack, mode: str) -> None:
    """The file of a server has the permissions {mode}. Is connect of another user EACCES?"""
    listening(stack, F)
    stack.chmod(F, mode)
    assert stack.stranger.socket("unix").connect(F) == EACCES


@experiment("unix/permission/connect/{mode}", rule=WRITE_ALONE)
@pytest.mark.parametrize("mode", ["0777", "0722", "0766"])
def test_a_file_that_others_may_write(stack: Stack, mode: str) -> None:
    """The file of a server has the permissions {mode}. May another user connect?"""
    listening(stack, F)
    stack.chmod(F, mode)
    assert stack.stranger.socket("unix").connect(F) == OK


@experiment("unix/permission/own/{mode}", rule=WRITE_ALONE)
@pytest.mark.parametrize("mode", ["0444", "0000"])
def test_the_owner_may_not_write(stack: Stack, mode: str) -> None:
    """The file of a user's server has the permissions {mode}. Is connect of that user EACCES?"""
    folder(stack, "0777")
    listening(stack.stranger, IN_FOLDER)
    stack.stranger.chmod(IN_FOLDER, mode)
    assert stack.stranger.socket("unix").connect(IN_FOLDER) == EACCES


@experiment("unix/permission/own/0222", rule=WRITE_ALONE)
def test_the_owner_may_write(stack: Stack) -> None:
    """The file of a user's server has the permissions 0222. May that user connect?"""
    folder(stack, "0777")
    listening(stack.stranger, IN_FOLDER)
    stack.stranger.chmod(IN_FOLDER, "0222")
    assert stack.stranger.socket("unix").connect(IN_FOLDER) == OK


@experiment("unix/permission/stale/0700", rule=WRITE_ALONE)
def test_a_stale_file_that_may_not_be_written(stack: Stack) -> None:
    """A stale socket file has the permissions 0700. Is connect of another user EACCES?"""
    stale(stack, F)
    stack.chmod(F, "0700")
    assert stack.stranger.socket("unix").connect(F) == EACCES


@experiment("unix/permission/stale/0777", rule=NOT_LISTENING)
def test_a_stale_file_that_may_be_written(stack: Stack) -> None:
    """A stale socket file has the permissions 0777. Is connect of another user ECONNREFUSED?"""
    stale(stack, F)
    stack.chmod(F, "0777")
    assert stack.stranger.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/permission/bound/0700", rule=WRITE_ALONE)
def test_a_server_that_does_not_listen_yet(stack: Stack) -> None:
    """A server is bound and does not listen; its file is 0700. Is connect of another user EACCES?"""
    bound(stack, F)
    stack.chmod(F, "0700")
    assert stack.stranger.socket("unix").connect(F) == EACCES


@experiment("unix/permission/bound/0722", rule=NOT_LISTENING, cites=(WRITE_ALONE.source,))
def test_a_server_that_does_not_listen_yet_and_may_be_written(stack: Stack) -> None:
    """A server is bound and does not listen; its file is 0722. Is another user's connect ECONNREFUSED?"""
    bound(stack, F)
    stack.chmod(F, "0722")
    assert stack.stranger.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/permission/folder-0700/connect", rule=LOOKED_UP)
def test_a_closed_folder(stack: Stack) -> None:
    """A server is in a folder with the permissions 0700. Is connect of another user EACCES?"""
    stack.umask("000")
    folder(stack, "0700")
    listening(stack, IN_FOLDER)
    assert stack.stranger.socket("unix").connect(IN_FOLDER) == EACCES


@experiment("unix/permission/folder-0700/bind", rule=LOOKED_UP)
def test_bind_in_a_closed_folder(stack: Stack) -> None:
    """A folder has the permissions 0700. Is bind of another user in it EACCES?"""
    folder(stack, "0700")
    assert stack.stranger.socket("unix").bind(IN_FOLDER) == EACCES


@experiment("unix/permission/folder-0755/bind", rule=LOOKED_UP)
def test_bind_in_a_folder_that_may_not_be_written(stack: Stack) -> None:
    """A folder has the permissions 0755. Is bind of another user to a free name in it EACCES?"""
    folder(stack, "0755")
    assert stack.stranger.socket("unix").bind(IN_FOLDER) == EACCES


@experiment("unix/permission/folder-0755/inherited/bind", rule=LOOKED_UP)
def test_bind_of_a_socket_that_another_user_made(stack: Stack) -> None:
    """Another user makes a socket, and the owner of a folder inherits it. May the owner bind it there?"""
    folder(stack, "0755")
    assert stack.stranger.socket("unix").inherit().bind(IN_FOLDER) == OK


@experiment("unix/permission/folder-0755/inherited-by-another/bind", rule=LOOKED_UP)
def test_bind_by_another_user_of_a_socket_that_the_owner_made(stack: Stack) -> None:
    """Only its owner may write a folder. A user inherits the owner's socket. Is bind there EACCES?"""
    folder(stack, "0755")
    assert stack.socket("unix").inherit("stranger").bind(IN_FOLDER) == EACCES


@experiment("unix/permission/folder-0755/bind-live", rule=PATH_TAKEN)
def test_bind_to_a_live_path_in_a_folder_that_may_not_be_written(stack: Stack) -> None:
    """A server is in a folder with the permissions 0755. Is bind of another user there EADDRINUSE?"""
    folder(stack, "0755")
    listening(stack, IN_FOLDER)
    assert stack.stranger.socket("unix").bind(IN_FOLDER) == EADDRINUSE


@experiment("unix/permission/folder-0777/bind-live", rule=PATH_TAKEN)
def test_bind_to_a_live_path_in_an_open_folder(stack: Stack) -> None:
    """A server is in a folder that all may write. Is bind of another user to its path EADDRINUSE?"""
    folder(stack, "0777")
    listening(stack, IN_FOLDER)
    assert stack.stranger.socket("unix").bind(IN_FOLDER) == EADDRINUSE


@experiment("unix/permission/folder-0777/unlink", rule=FILES_ALONE)
def test_anybody_unlinks_in_an_open_folder(stack: Stack) -> None:
    """A server is in a folder that all may write. May another user unlink its file?"""
    folder(stack, "0777")
    listening(stack, IN_FOLDER)
    assert stack.stranger.unlink(IN_FOLDER) == OK


@experiment("unix/permission/folder-0777/theft", rule=FILES_ALONE)
def test_anybody_takes_the_path_in_an_open_folder(stack: Stack) -> None:
    """Another user unlinked a server's file in an open folder. May that user's socket take the path?"""
    folder(stack, "0777")
    listening(stack, IN_FOLDER)
    stack.stranger.unlink(IN_FOLDER)
    assert bound(stack.stranger, IN_FOLDER).getsockname() == Answer("/D/F")


@experiment("unix/permission/sticky/unlink", rule=FILES_ALONE)
def test_a_sticky_folder_keeps_the_file(stack: Stack) -> None:
    """A server is in a folder such as /tmp (01777). Is unlink of its file by another user EPERM?"""
    folder(stack, "01777")
    listening(stack, IN_FOLDER)
    assert stack.stranger.unlink(IN_FOLDER) == Answer("EPERM")


@experiment("unix/permission/sticky/rename-over", rule=FILES_ALONE)
def test_a_sticky_folder_keeps_the_file_from_a_rename(stack: Stack) -> None:
    """A server is in a folder such as /tmp. Is a rename over its file by another user EPERM?"""
    folder(stack, "01777")
    listening(stack, IN_FOLDER)
    listening(stack.stranger, IN_FOLDER_TOO)
    assert stack.stranger.rename(IN_FOLDER_TOO, IN_FOLDER) == Answer("EPERM")


@experiment("unix/permission/sticky/own-stale", rule=FILES_ALONE)
def test_the_owner_unlinks_in_a_sticky_folder(stack: Stack) -> None:
    """A user's stale socket file is in a folder such as /tmp. May that user unlink it?"""
    folder(stack, "01777")
    listening(stack.stranger, IN_FOLDER).close()
    assert stack.stranger.unlink(IN_FOLDER) == OK


@experiment("unix/permission/after-connect", rule=WRITE_ALONE)
def test_permissions_are_asked_at_connect_alone(stack: Stack) -> None:
    """Another user is connected, and the file's permissions are taken away. May that user still send?"""
    listening(stack, F)
    stack.chmod(F, "0777")
    client = stack.stranger.socket("unix")
    client.connect(F)
    stack.chmod(F, "0700")
    assert client.send(1) == OK


@experiment("unix/permission/sticky/rename-of-anothers", rule=FILES_ALONE)
def test_a_sticky_folder_keeps_the_name(stack: Stack) -> None:
    """A server is in a folder such as /tmp. Is a rename of its file by another user EPERM?"""
    folder(stack, "01777")
    listening(stack, IN_FOLDER)
    assert stack.stranger.rename(IN_FOLDER, IN_FOLDER_TOO) == Answer("EPERM")


@experiment("unix/permission/folder-0722/bind", rule=LOOKED_UP)
def test_bind_in_a_folder_that_may_not_be_searched(stack: Stack) -> None:
    """Others may write a folder and not search it (0722). Is bind of another user in it EACCES?"""
    folder(stack, "0722")
    assert stack.stranger.socket("unix").bind(IN_FOLDER) == EACCES


@experiment("unix/permission/stale/0722", rule=NOT_LISTENING, cites=(WRITE_ALONE.source,))
def test_a_stale_file_that_may_be_written_and_not_read(stack: Stack) -> None:
    """A closed socket's file has the permissions 0722. Is connect of another user ECONNREFUSED?"""
    bound(stack, F).close()
    stack.chmod(F, "0722")
    assert stack.stranger.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/permission/root/connect", rule=ALL_PERMISSIONS)
def test_root_connects_whatever_the_permissions(stack: Stack) -> None:
    """The file of a user's server has the permissions 0000. May root connect?"""
    folder(stack, "0777")
    listening(stack.stranger, IN_FOLDER)
    stack.stranger.chmod(IN_FOLDER, "0000")
    assert stack.root.socket("unix").connect(IN_FOLDER) == OK


@experiment("unix/permission/root/bind", rule=ALL_PERMISSIONS)
def test_root_binds_whatever_the_permissions(stack: Stack) -> None:
    """A user's folder has the permissions 0000. May root bind a socket in it?"""
    folder(stack, "0777")
    stack.stranger.make(Path("/D/E/"))
    stack.stranger.chmod(Path("/D/E/"), "0000")
    assert stack.root.socket("unix").bind(Path("/D/E/F")) == OK
