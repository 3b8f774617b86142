"""A function for the tests: a loop over the Runtime API that does what its events say."""

import base64, http.client, json, os, signal, socket, subprocess, sys, time

HOST = os.environ["AWS_LAMBDA_RUNTIME_API"]
RUNTIME = "/2018-06-01/runtime/"


def call(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(HOST)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def refusals(request_id):
    """Requests that the API refuses while this event is under way, and how."""
    requests = [
        ("POST", RUNTIME + "invocation/another/response"),
        ("POST", RUNTIME + "invocation/another/error"),
        ("GET", RUNTIME + "invocation/next"),
        ("POST", RUNTIME + "init/error"),
        ("POST", RUNTIME + "invocation/next"),
        ("GET", RUNTIME + f"invocation/{request_id}/response"),
        ("GET", RUNTIME + "nothing"),
        ("GET", "/2015-03-31/functions"),
    ]
    answers = [call(method, path) for method, path in requests]
    return [[status, json.loads(body)["errorType"]] for status, _, body in answers]


def send_raw(request_id, head, body, breaks_off=False):
    """Sends an answer as it is given, and returns the first line of what comes back."""
    host, port = HOST.split(":")
    with socket.create_connection((host, int(port))) as stream:
        path = f"{RUNTIME}invocation/{request_id}/response"
        stream.sendall(f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{head}\r\n\r\n".encode() + body)
        if breaks_off:
            stream.shutdown(socket.SHUT_WR)
        return stream.makefile().readline().strip()


def chunks(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n"


init = os.environ.get("INIT", "")
if init == "exit":
    sys.exit(3)
if init == "hang":
    time.sleep(3600)
if init == "error":
    body = '{"errorMessage":"no module named app","errorType":"Runtime.ImportModuleError"}'
    status, _, _ = call("POST", RUNTIME + "init/error", body, {"Lambda-Runtime-Function-Error-Type": "Runtime.Unknown"})
    sys.exit(status == 202)
if init == "print":
    print("coming up", flush=True)
if init == "ignore-term":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if init == "last-words":

    def last_words(*_):
        print("good bye", flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, last_words)

count = 0
while True:
    _, headers, payload = call("GET", RUNTIME + "invocation/next")
    event = json.loads(payload)
    what = event.get("do")
    headers = {name.lower(): value for name, value in headers.items()}
    request_id = headers["lambda-runtime-aws-request-id"]
    respond = RUNTIME + f"invocation/{request_id}/response"
    count += 1
    answer = {"pid": os.getpid(), "count": count}
    if what == "echo":
        answer |= {"event": event, "headers": headers}
    elif what == "environment":
        with open("/proc/self/environ") as file:
            answer = dict(variable.split("=", 1) for variable in file.read().split("\0") if variable)
        answer["(directory)"] = os.getcwd()
    elif what == "print":
        for line in event["lines"]:
            print(line, flush=True)
            print(line + "!", file=sys.stderr, flush=True)
        sys.stdout.write("no end of line")
        sys.stdout.flush()
    elif what == "hold":
        print("holding", os.getpid(), flush=True)
        with open(event["until"]) as file:
            answer["released"] = file.read()
    elif what == "child":
        answer["child"] = subprocess.Popen(["sleep", "3600"]).pid
    elif what == "child-and-hang":
        print(subprocess.Popen(["sleep", "3600"]).pid, flush=True)
        time.sleep(3600)
    elif what == "exit":
        os._exit(event["status"])
    elif what == "kill":
        os.kill(os.getpid(), event["signal"])
    elif what == "allocate":
        kept = bytearray(b"x") * event["bytes"]
        time.sleep(3600)
    elif what == "fail":
        answer["status"], _, _ = call("POST", RUNTIME + f"invocation/{request_id}/error", event["body"], event["headers"])
        continue
    elif what == "refusals":
        answer["refusals"] = refusals(request_id)
    elif what == "answer":
        status, _, refused = call("POST", respond, b'"' + b"a" * (event["bytes"] - 2) + b'"')
        print(status, refused.decode(), flush=True)
        continue
    elif what == "answer-twice":
        call("POST", respond, b'"first"')
        status, _, refused = call("POST", respond, b'"second"')
        print(status, json.loads(refused)["errorType"], flush=True)
        continue
    elif what == "answer-and-exit":
        call("POST", respond, json.dumps(answer))
        os._exit(0)
    elif what == "stream":
        print(send_raw(request_id, "Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming", chunks(b'"one ', b'two"') + b"\r\n"), flush=True)
        continue
    elif what == "stream-fails":
        error = base64.b64encode(b'{"errorMessage":"half-way","errorType":"Broken"}')
        trailers = b"Lambda-Runtime-Function-Error-Type: Broken\r\nLambda-Runtime-Function-Error-Body: " + error + b"\r\n\r\n"
        head = "Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\nLambda-Runtime-Function-Response-Mode: streaming"
        print(send_raw(request_id, head, chunks(b'"one ') + trailers), flush=True)
        continue
    elif what == "stream-breaks":
        send_raw(request_id, "Content-Length: 100", b'"one ', breaks_off=True)
        continue
    elif what == "mode":
        call("POST", respond, b"{}", {"Lambda-Runtime-Function-Response-Mode": "sideways"})
        continue
    call("POST", respond, json.dumps(answer))
