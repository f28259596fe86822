"""The users of the pool. A user's id (`sub`) is also the name that Cognito gives users who sign in by email."""

from dataclasses import dataclass

from runtime import clients


@dataclass(frozen=True)
class People:
    """Who may sign in."""

    user_pool_id: str

    def shut_out(self, user_id: str) -> None:
        """Let nobody sign in as the user, or renew a token. Does nothing if the user is gone."""
        cognito = clients.cognito()
        try:
            cognito.admin_disable_user(UserPoolId=self.user_pool_id, Username=user_id)
            cognito.admin_user_global_sign_out(UserPoolId=self.user_pool_id, Username=user_id)
        except cognito.exceptions.UserNotFoundException:
            return

    def remove(self, user_id: str) -> None:
        """Remove the user; does nothing if that has been done."""
        cognito = clients.cognito()
        try:
            cognito.admin_delete_user(UserPoolId=self.user_pool_id, Username=user_id)
        except cognito.exceptions.UserNotFoundException:
            return
