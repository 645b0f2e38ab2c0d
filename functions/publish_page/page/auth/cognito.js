// The calls of the stack's user pool: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/
import { ApiError } from "../api.js";
import { answer, begin } from "./srp.js";

export class UserPool {
  constructor({ cognito, userPoolId, userPoolClientId }) {
    this.url = cognito;
    this.poolId = userPoolId;
    this.clientId = userPoolClientId;
  }

  signUp(email, password) {
    const attributes = [{ Name: "email", Value: email }];
    return this.#call("SignUp", { Username: email, Password: password, UserAttributes: attributes });
  }

  confirm(email, code) {
    return this.#call("ConfirmSignUp", { Username: email, ConfirmationCode: code });
  }

  sendCodeAgain(email) {
    return this.#call("ResendConfirmationCode", { Username: email });
  }

  forgotPassword(email) {
    return this.#call("ForgotPassword", { Username: email });
  }

  setPassword(email, code, password) {
    return this.#call("ConfirmForgotPassword", { Username: email, ConfirmationCode: code, Password: password });
  }

  /** Tokens: `AccessToken`, `RefreshToken`, `ExpiresIn` in seconds. */
  async signIn(email, password) {
    const half = begin();
    const asked = await this.#call("InitiateAuth", {
      AuthFlow: "USER_SRP_AUTH",
      AuthParameters: { USERNAME: email, SRP_A: half.publicKey },
    });
    const responses = await answer(half, asked.ChallengeParameters, { poolId: this.poolId, password, at: new Date() });
    const signed = await this.#call("RespondToAuthChallenge", {
      ChallengeName: asked.ChallengeName,
      ChallengeResponses: responses,
      ...(asked.Session ? { Session: asked.Session } : {}),
    });
    if (!signed.AuthenticationResult) {
      throw new ApiError({ status: 400, code: signed.ChallengeName ?? "challenge", detail: "" });
    }
    return signed.AuthenticationResult;
  }

  async refresh(refreshToken) {
    const answered = await this.#call("InitiateAuth", {
      AuthFlow: "REFRESH_TOKEN_AUTH",
      AuthParameters: { REFRESH_TOKEN: refreshToken },
    });
    return answered.AuthenticationResult;
  }

  /** On every device: no refresh token of this user is good any more. */
  signOutEverywhere(accessToken) {
    return this.#call("GlobalSignOut", { AccessToken: accessToken }, { needsClient: false });
  }

  async #call(action, body, { needsClient = true } = {}) {
    let reply;
    try {
      reply = await fetch(this.url, {
        method: "POST",
        headers: {
          "Content-Type": "application/x-amz-json-1.1",
          "X-Amz-Target": `AWSCognitoIdentityProviderService.${action}`,
        },
        body: JSON.stringify(needsClient ? { ...body, ClientId: this.clientId } : body),
      });
    } catch {
      throw new ApiError({ status: 0, code: "unreachable", detail: "" });
    }
    const text = await reply.text();
    const content = text ? JSON.parse(text) : {};
    if (!reply.ok) {
      const code = (content.__type ?? "").split("#").at(-1);
      throw new ApiError({ status: reply.status, code, detail: content.message ?? "" });
    }
    return content;
  }
}
