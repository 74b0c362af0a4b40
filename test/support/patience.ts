// Engines, images and real backups take their time; what is awaited in a test has a limit of its own.
jest.setTimeout(300_000);
