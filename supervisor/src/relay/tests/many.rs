//! More than one connection.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

#[test]
fn five_hundred_at_once_get_their_own_answers() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    )
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = listener.local_addr().unwrap();
    let relay = Relay::new(Limits::default());
    let pairs: Vec<_> = (0..500).map(|_| pair(&listener)).collect();
    let (mut clients, sockets): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    for (place, socket) in sockets.iter().enumerate() {
        if place % 2 == 0 {
            shutdown(socket, Shutdown::Read).unwrap();
        }
    }
    let adopted = |socket| Adopted { socket, local };
    relay.adopt(sockets.into_iter().map(adopted).collect());
    let server = thread::spawn(move || {
        for _ in 0..500 {
            let (mut stream, _) = listener.accept().unwrap();
            let head = read_head(&mut stream);
            let path = head.split(' ').nth(1).unwrap();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}",
                path.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    for (place, client) in clients.iter_mut().enumerate() {
        write!(client, "GET /{place} HTTP/1.1\r\n\r\n").unwrap();
    }
    for (place, client) in clients.iter_mut().enumerate() {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with(&format!("\r\n\r\n/{place}")));
        assert_eq!(answer.matches("Connection: close\r\n").count(), 1);
    }
    drop(clients);
    server.join().unwrap();
    assert_eq!(ends_of(&relay, 500), only(|ends| ends.answered = 500));
}

#[test]
fn those_beyond_the_limit_are_closed_and_counted() {
    let scene = scene_with(short(|limits| limits.open = 1), "127.0.0.1:0");
    let (mut second, _duplicate) = adopt_one(&scene.relay, &scene.listener, scene.address);
    assert_eq!(second.read(&mut [0; 1]).unwrap(), 0);
    until(|| scene.relay.counts().refused == 1);
    assert_eq!(scene.relay.counts().adopted, 1);
    assert_eq!(scene.end(), only(|ends| ends.left = 1));
}

#[test]
fn the_thread_ends_with_the_last_and_begins_with_the_next() {
    let mut scene = scene();
    for round in 1..4 {
        until(|| scene.relay.counts().adopted == round);
        assert!(has_thread(&scene.relay));
        drop(scene.client);
        ends_of(&scene.relay, round);
        until(|| !has_thread(&scene.relay));
        (scene.client, scene.duplicate) = adopt_one(&scene.relay, &scene.listener, scene.address);
    }
}

fn has_thread(relay: &Relay) -> bool {
    relay.shared.door.lock().unwrap().is_some()
}
