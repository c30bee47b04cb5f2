// Deadlines run down: while a deadline is under an hour away, its minutes are kept true. The server says the words.
const MINUTE = 60_000;

setInterval(() => {
  for (const time of document.querySelectorAll(".sla time[datetime]")) {
    const left = Math.floor((Date.parse(time.dateTime) - Date.now()) / MINUTE);
    if (left >= 0 && left < 60) time.textContent = time.textContent.replace(/^\d+ (?=min)/, `${left} `);
  }
}, MINUTE / 2);
