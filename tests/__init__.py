"""What must hold, one file a module; real parts where a user has real parts."""
