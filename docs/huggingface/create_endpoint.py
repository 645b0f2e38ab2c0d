"""Makes a dedicated Inference Endpoint with our handler: `python docs/huggingface/create_endpoint.py --help`.

It works with the token in HF_TOKEN. What it made before it takes as it is, so a second run goes on where one broke off.
"""

import argparse
import os
import sys
from pathlib import Path

from huggingface_hub import HfApi, InferenceEndpoint, InferenceEndpointHardware, InferenceEndpointStatus
from huggingface_hub.errors import (
    HfHubHTTPError,
    InferenceEndpointError,
    InferenceEndpointTimeoutError,
    LocalTokenNotFoundError,
)

MODEL = "briaai/RMBG-1.4"
STARTS_WITHIN = 30 * 60
"""Seconds; it mostly takes five minutes."""


def main() -> None:
    arguments = _arguments()
    api = HfApi()
    try:
        namespace = arguments.namespace or api.whoami()["name"]
        endpoint = _existing(api, namespace, arguments.name)
        if endpoint is None:
            endpoint = _made(api, namespace, arguments)
        else:
            print(f"There is an endpoint {namespace}/{arguments.name} already: it is left as it is.")
        _await_start(endpoint)
    except LocalTokenNotFoundError:
        sys.exit("HF_TOKEN is needed: a token that may write repositories and manage Inference Endpoints.")
    except HfHubHTTPError as error:
        sys.exit(f"Hugging Face refuses: {error}")
    except InferenceEndpointTimeoutError:
        sys.exit("It has not started in half an hour. Look at its log, and run this command again to wait on.")
    except InferenceEndpointError as error:
        sys.exit(f"{error} Look at its log, delete it, and run this command again.")
    print(f"""
Put these into `parameter_overrides` in samconfig.toml, then `make deploy` and `make verify`:

  "Rmbg14Url={endpoint.url}",
  "Rmbg14Dialect=endpoint",
  'Rmbg14Headers="{{\\"X-Scale-Up-Timeout\\": \\"10\\"}}"',

Its log, and the button to delete it: https://endpoints.huggingface.co/{namespace}/endpoints/{arguments.name}""")


def _existing(api: HfApi, namespace: str, name: str) -> InferenceEndpoint | None:
    try:
        return api.get_inference_endpoint(name, namespace=namespace)
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return None
        raise


def _made(api: HfApi, namespace: str, arguments: argparse.Namespace) -> InferenceEndpoint:
    hardware = _hardware(api, namespace, arguments.hardware)
    model = api.model_info(MODEL)
    reading = _reading_token(is_needed=bool(model.gated))
    print(
        f"{namespace}/{arguments.name} will serve {MODEL} on {hardware.architecture} ({hardware.id}): "
        f"${hardware.price_per_hour:.3f} an hour while it runs or starts, nothing while it sleeps. "
        f"It sleeps after {arguments.minutes} minutes without a request."
    )
    if not arguments.yes:
        _confirm()
    repository = f"{namespace}/{arguments.name}-handler"
    api.create_repo(repository, private=True, exist_ok=True)
    commit = api.upload_folder(
        repo_id=repository,
        folder_path=Path(__file__).parent,
        allow_patterns=["handler.py", "requirements.txt"],
        commit_message=f"A handler for {MODEL}",
    )
    return api.create_inference_endpoint(
        arguments.name,
        namespace=namespace,
        repository=repository,
        revision=commit.oid,
        framework="custom",
        task="custom",
        vendor=hardware.vendor,
        region=hardware.region,
        accelerator=hardware.accelerator,
        instance_type=hardware.instance_type,
        instance_size=hardware.instance_size,
        min_replica=0,
        max_replica=1,
        scale_to_zero_timeout=arguments.minutes,
        # The model's own code runs there: as it is today, whatever its repository holds tomorrow.
        env={"MODEL_REVISION": str(model.sha)},
        secrets=reading,
    )


def _await_start(endpoint: InferenceEndpoint) -> None:
    match endpoint.status:
        case InferenceEndpointStatus.SCALED_TO_ZERO:
            print("It sleeps: the first request wakes it.")
        case InferenceEndpointStatus.PAUSED:
            sys.exit("It is paused, and no request wakes it: resume it on its page.")
        case _:
            print("Waiting until it answers, mostly some minutes …", flush=True)
            endpoint.wait(timeout=STARTS_WITHIN)
            print("It answers.")


def _hardware(api: HfApi, namespace: str, wanted: str) -> InferenceEndpointHardware:
    offered = [
        each for each in api.list_inference_endpoints_hardware(namespace=namespace) if each.status == "available"
    ]
    for each in offered:
        if each.id == wanted:
            return each
    offers = sorted(f"${each.price_per_hour:.3f}  {each.id}  {each.architecture}" for each in offered)
    sys.exit("\n".join([f"There is no {wanted} now. Say HARDWARE=…, one of these (dollars an hour):", *offers]))


def _reading_token(*, is_needed: bool) -> dict[str, str]:
    """For a model whose terms have to be accepted. Not the operator's own token, which may write and spend."""
    if not is_needed:
        return {}
    try:
        return {"HF_TOKEN": os.environ["HF_READ_TOKEN"]}
    except KeyError:
        sys.exit(
            f"{MODEL} is for those who accepted its terms: do so at https://huggingface.co/{MODEL}, "
            "and give the endpoint a token that may read it and nothing else: HF_READ_TOKEN."
        )


def _confirm() -> None:
    try:
        answer = input("Type yes to make it: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != "yes":
        sys.exit("Nothing was made.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make an Inference Endpoint for RMBG-1.4.")
    parser.add_argument("--name", default="rmbg-1-4", help="the endpoint's name")
    parser.add_argument("--namespace", help="an organisation; yourself if you do not say it")
    parser.add_argument("--hardware", default="aws-us-east-1-nvidia-t4-x1", help="a wrong one lists all there are")
    parser.add_argument("--minutes", type=int, default=15, help="without a request, after which it sleeps")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it may cost that")
    return parser.parse_args()


if __name__ == "__main__":
    main()
