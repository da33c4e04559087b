"""One module for each verb; `main.COMMANDS` names them, and they are loaded when they are asked for."""
