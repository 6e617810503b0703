"""The session: what one user is looking at, is asked, has changed and has not saved.

`session.Session` is that one object, and it knows no terminal. `commands` is the table of all that
can be done with it; a face hands it keys (`Session.key`) or commands (`Session.do`) and shows what
came of them.
"""
