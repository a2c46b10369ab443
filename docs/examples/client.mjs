const [url, cell, text] = process.argv.slice(2);
const socket = new WebSocket(url, ["hereabouts.v1.json"]);
const send = (command) => socket.send(JSON.stringify(command));
socket.onopen = () => send({ type: "enter", cell });
socket.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (event.type === "room") send({ type: "say", text, room: event.room });
  console.log(event.type, event.name ?? "", event.text ?? event.message ?? "");
};
socket.onclose = ({ code }) => console.log("closed", code);
